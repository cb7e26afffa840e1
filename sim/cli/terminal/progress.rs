//! Progress on standard error, for work that takes a person's time.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(120);

const BAR: &str = "{msg}  {wide_bar}  {human_pos}/{human_len}  {eta}";
const SPINNER: &str = "{spinner} {msg}  {elapsed}";

/// A bar or spinner that appears after a second, on a terminal only, and leaves no trace.
///
/// May be advanced from any thread.
pub(in crate::cli) struct Progress {
    bar: ProgressBar,
    /// Shows the bar when its time has come, unless the sender has gone before.
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Of `what`: a bar where the number of steps is known, else a spinner.
    pub(super) fn new(what: &'static str, total: Option<u64>, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = if total.is_some() { BAR } else { SPINNER };
        bar.set_style(ProgressStyle::with_template(template).expect("the templates are valid"));
        bar.set_message(what);
        let watch = (!quiet && io::stderr().is_terminal()).then(|| show_later(bar.clone()));
        Self { bar, watch }
    }

    /// Counts `steps` more as done.
    pub(in crate::cli) fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }
}

fn show_later(bar: ProgressBar) -> (Sender<()>, JoinHandle<()>) {
    let (sender, receiver) = channel();
    let show = move || {
        if receiver.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(TICK);
        }
    };
    (sender, thread::spawn(show))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, watcher)) = self.watch.take() {
            drop(sender);
            // The watcher does nothing that can fail; it is awaited so that it shows nothing now.
            let _ = watcher.join();
        }
        self.bar.finish_and_clear();
    }
}
