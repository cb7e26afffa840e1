//! `--timeline`: the run on a time axis, written while it goes on.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::command::Run;
use crate::cli::files::Staged;
use crate::cli::simulate::values;
use crate::cli::simulate::work::Work;
use crate::cli::terminal::counted;
use crate::cli::{CliError, Shell};
use crate::cluster::{Progress, Recorded, RunPlan, RunResult, Traced, simulate};
use crate::report::{Frame, RunDocument, Shown, Timeline};
use crate::units::SimTime;
use crate::workload::Task;

/// The file that `--out` keeps.
const KEPT: &str = "timeline.json.gz";
const KEPT_BESIDE: [&str; 2] = ["summary.json", "requests.csv"];

/// Flags of the timeline.
#[derive(Args, Clone, Debug)]
pub(super) struct TimelineFlags {
    /// Write a trace that ui.perfetto.dev opens: steps and what bounds them, KV pages, queues,
    /// calls, tools, hand-overs; gzipped if the name ends in .gz
    #[arg(long, value_name = "FILE", help_heading = "Timeline")]
    timeline: Option<PathBuf>,
    /// What the timeline shows, in simulated time: `1h..65min`, `90s..`
    /// [default: what is measured]
    #[arg(long, value_name = "FROM..TO", value_parser = window, help_heading = "Timeline")]
    window: Option<(SimTime, SimTime)>,
    /// Most events of the timeline; its window ends where there is no room for more
    #[arg(long, value_name = "N", default_value_t = 200_000, help_heading = "Timeline")]
    #[arg(value_parser = clap::value_parser!(u64).range(1000..=100_000_000))]
    timeline_events: u64,
}

/// `FROM..TO`, of which either may be left out.
fn window(text: &str) -> Result<(SimTime, SimTime), String> {
    let form = || format!("write `10min..12min`, `90s..` or `..1h`, not `{text}`");
    let (from, to) = text.split_once("..").ok_or_else(form)?;
    let instant = |text: &str| values::span(text).map(SimTime::after_start);
    let from = if matches!(from, "" | "0" | "0s") { SimTime::ZERO } else { instant(from)? };
    let to = if to.is_empty() { SimTime::NEVER } else { instant(to)? };
    if from < to { Ok((from, to)) } else { Err(format!("{text} ends before it begins")) }
}

/// Where a trace goes.
enum Sink {
    Plain(BufWriter<File>),
    Packed(Box<GzEncoder<BufWriter<File>>>),
}

impl Sink {
    /// A file that is to appear at `path`.
    fn open(path: &Path, staged: &mut Staged) -> Result<Self, CliError> {
        let file = staged.open(path)?;
        Ok(match path.extension() {
            Some(end) if end == "gz" => {
                Self::Packed(Box::new(GzEncoder::new(file, Compression::fast())))
            }
            _ => Self::Plain(file),
        })
    }

    fn close(self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file,
            Self::Packed(packed) => packed.finish()?,
        }
        .flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Packed(packed) => packed.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Packed(packed) => packed.flush(),
        }
    }
}

/// A timeline that is being written to a file.
pub(super) struct Recording {
    path: PathBuf,
    timeline: Timeline<Sink>,
}

impl Run {
    /// Whether there is a timeline.
    pub(super) fn is_recorded(&self) -> bool {
        self.recorded_file().is_some()
    }

    /// Where the timeline goes: where it was asked for, or to what is kept of the run.
    fn recorded_file(&self) -> Option<PathBuf> {
        let kept = || self.out.as_ref().map(|folder| folder.join(KEPT));
        self.show.timeline.clone().or_else(kept)
    }

    /// Begins the timeline of replicas of these names, if there is to be one.
    pub(super) fn record(
        &self,
        names: &[String],
        work: &Work,
        staged: &mut Staged,
    ) -> Result<Option<Recording>, CliError> {
        let Some(path) = self.recorded_file() else {
            return match self.show.window {
                None => Ok(None),
                Some(_) => Err(CliError::Flag {
                    flag: "--window",
                    value: "is set".into(),
                    problem: "there is no timeline to show it".into(),
                    remedy: "give --timeline FILE, or leave it out".into(),
                }),
            };
        };
        let kept = |folder: &PathBuf| KEPT_BESIDE.iter().any(|name| folder.join(name) == path);
        if self.out.as_ref().is_some_and(kept) {
            return Err(CliError::Flag {
                flag: "--timeline",
                value: path.display().to_string(),
                problem: "--out writes another file of that name there".into(),
                remedy: "give the timeline another name".into(),
            });
        }
        let measured = (SimTime::after_start(self.warmup(work)), SimTime::NEVER);
        let (from, to) = self.show.window.unwrap_or(measured);
        let frame = Frame { from, to, most: self.show.timeline_events };
        let timeline = Timeline::new(Sink::open(&path, staged)?, frame, names);
        Ok(Some(Recording { path, timeline }))
    }
}

impl Recording {
    /// Ends the file.
    pub(super) fn close(self, document: &RunDocument, shell: &Shell) -> Result<(), CliError> {
        let Self { path, timeline } = self;
        let about = serde_json::json!({
            "model": document.model,
            "workload": document.workload,
            "chip": document.chip,
            "plan": document.plan,
            "replicas": document.replicas,
            "seed": document.seed,
        });
        let shown = timeline
            .finish(&about)
            .and_then(|(sink, shown)| sink.close().map(|()| shown))
            .map_err(|source| CliError::Write { path: path.clone(), source })?;
        shell.inform(told(&path, shown));
        Ok(())
    }
}

/// What a timeline came to show.
fn told(path: &Path, shown: Shown) -> String {
    let Shown { events, window: (from, to), left_out } = shown;
    let [from, to] = [from, to].map(|at| at.since_start().seconds().get());
    let path = path.display();
    let more = match left_out {
        0 => String::new(),
        _ => format!(
            "; {left_out} more events are left out after that: --window shows another part, \
             --timeline-events a longer one"
        ),
    };
    format!(
        "{path} shows {from:.1} s to {to:.1} s in {}; open it at ui.perfetto.dev{more}",
        counted(events as usize, "event")
    )
}

/// Whoever looks on while a run goes on.
pub(in crate::cli::simulate) struct Watch<'a> {
    /// Is told how far it has come.
    progress: &'a mut dyn FnMut(Progress),
    /// Writes everything down.
    recording: Option<&'a mut Recording>,
}

impl<'a> Watch<'a> {
    /// Somebody who wants to know how far it has come.
    pub(in crate::cli::simulate) fn new(progress: &'a mut dyn FnMut(Progress)) -> Self {
        Self { progress, recording: None }
    }

    /// The same, who writes everything down, if there is a `recording`.
    pub(super) fn with_recording(self, recording: Option<&'a mut Recording>) -> Self {
        Self { recording, ..self }
    }

    /// Simulates under their eyes.
    pub(super) fn simulate<V: Traced, T: std::borrow::Borrow<Task>>(
        &mut self,
        service: V,
        tasks: impl Iterator<Item = T>,
        plan: RunPlan,
    ) -> RunResult {
        match &mut self.recording {
            None => simulate(service, tasks, plan, self.progress),
            Some(recording) => {
                let recorded = Recorded::new(service, &mut recording.timeline);
                simulate(recorded, tasks, plan, self.progress)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimSpan;

    #[test]
    fn windows_may_be_open_at_either_end() {
        let at = |ms| SimTime::after_start(SimSpan::from_ms(ms));
        assert_eq!(window("10s..2min"), Ok((at(10_000), at(120_000))));
        assert_eq!(window("..90s"), Ok((SimTime::ZERO, at(90_000))));
        assert_eq!(window("1h.."), Ok((at(3_600_000), SimTime::NEVER)));
        assert!(window("2min..10s").unwrap_err().contains("ends before it begins"));
        assert!(window("10s").unwrap_err().contains("10min..12min"));
        assert!(window("10..20").is_err(), "spans have units");
    }
}
