//! Progress on standard error, for work that takes a person's time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

const BAR: &str = "{msg}  {wide_bar}  {human_pos}/{human_len}  {eta}";
const COUNTER: &str = "{msg}  {human_pos}  {elapsed}";

/// A bar that appears after a second, on a terminal only, and leaves no trace.
///
/// May be advanced from any thread.
pub struct Progress {
    bar: ProgressBar,
    due: Instant,
    settled: AtomicBool,
}

impl Progress {
    pub(super) fn new(what: &'static str, total: Option<u64>, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        let template = if total.is_some() { BAR } else { COUNTER };
        bar.set_style(ProgressStyle::with_template(template).expect("the templates are valid"));
        bar.set_message(what);
        Self { bar, due: Instant::now() + PATIENCE, settled: AtomicBool::new(quiet) }
    }

    /// Counts `steps` more as done.
    pub fn advance(&self, steps: u64) {
        self.bar.inc(steps);
        if !self.settled.load(Ordering::Relaxed) && Instant::now() >= self.due {
            self.settled.store(true, Ordering::Relaxed);
            // indicatif draws nothing if standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
