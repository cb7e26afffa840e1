//! The command: flags, and what they lead to.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::{Args, Subcommand};

use super::document::SweepDocument;
use super::job::Job;
use super::merge::Merge;
use super::store::{ExportFormat, Folder, export, read_manifest};
use super::submit::Submit;
use super::workers::{compute, spoken};
use crate::cli::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall sweep sweep.toml --dry-run
  memwall sweep sweep.toml --out results/
  memwall sweep sweep.toml --out results/ --shard 3/8
  memwall sweep merge results/
  memwall sweep export results/ --as csv
  memwall report results/

A sweep's file: axes as [grid], [[list]], [random] or [latin], whose keys are the flags of
`memwall run` or figures of the chip.

  where = [\"gpus * concurrency <= 512\"]
  [base]
  model = \"llama-3.1-70b\"
  [grid]
  chip = [\"h100-sxm\", \"b200-sxm\"]
  concurrency = { from = 8, to = 128, steps = 5, scale = \"log\" }
  [latin]
  count = 100
  figure.memory.pin_rate = { from = \"x0.8\", to = \"x1.2\" }";

/// Flags of `sweep`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct SweepCommand {
    #[command(subcommand)]
    other: Option<Other>,
    /// The sweep
    #[arg(value_name = "SPEC.toml", required = true)]
    spec: Option<PathBuf>,
    /// Put the results here, or go on where a sweep was stopped
    /// [default: a folder named as SPEC without its ending]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only tell the number of points and the time they take
    #[arg(long, conflicts_with_all = ["out", "shard"])]
    dry_run: bool,
    /// Compute shard I of N, from 0; `memwall sweep merge DIR` puts the shards together
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// What else there is to do with sweeps.
#[derive(Debug, Subcommand)]
enum Other {
    /// Put shards together: the folder is then as if one machine had computed it
    Merge(Merge),
    /// Print the rows of a folder as CSV or JSON
    Export(Export),
    /// Print a script that computes a sweep on a cluster
    Submit(Submit),
}

/// Flags of `sweep export`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  memwall sweep export results/ --as csv > results.csv")]
struct Export {
    /// The folder of a sweep
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// What to print [default: csv, or json with --json]
    #[arg(long = "as", value_enum, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<ExportFormat>,
}

/// Part of the parts: every N-th from the I-th.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    index: u64,
    of: u64,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/');
        let numbers = numbers.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        let shard = numbers.map(|(index, of)| Self { index, of });
        shard
            .filter(|shard| shard.index < shard.of)
            .ok_or_else(|| "give index and number of shards from 0, such as 0/8 to 7/8".into())
    }
}

impl SweepCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match &self.other {
            Some(Other::Merge(merge)) => return merge.run(shell),
            Some(Other::Submit(submit)) => return submit.run(shell),
            Some(Other::Export(wanted)) => return wanted.run(shell),
            None => {}
        }
        let spec = self.spec.as_ref().expect("clap requires it");
        let job = Job::open(spec, shell)?;
        if self.dry_run {
            return self.estimate(&job, shell);
        }
        let out = self.out.clone().or_else(|| Some(spec.file_stem()?.into()));
        self.fill(&job, &out.unwrap_or_else(|| "results".into()), shell)
    }

    fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, usize::from)
    }

    fn fill(&self, job: &Job, out: &Path, shell: &mut Shell) -> Result<Exit, CliError> {
        let shard = self.shard.map(|shard| format!("{}/{}", shard.index, shard.of));
        let path = match self.shard {
            Some(Shard { index, of }) => out.join(format!("shard-{index}-of-{of}")),
            None => out.into(),
        };
        let folder = Folder::open(&path, job.manifest(shard.clone()))?;
        let mine: Vec<_> = match self.shard {
            Some(Shard { index, of }) => {
                (0..job.parts()).filter(|part| part % of == index).collect()
            }
            None => (0..job.parts()).collect(),
        };
        let there = folder.parts()?;
        let missing: Vec<_> = mine.iter().copied().filter(|part| !there.contains(part)).collect();
        announce(job, &mine, &missing, shell);
        let stop = stop_on_interrupt();
        if !compute(job, &missing, self.threads(), &folder, (&stop, shell))? {
            let kept = mine.iter().filter(|part| folder.parts().is_ok_and(|p| p.contains(part)));
            let kept: u64 = kept.map(|&part| job.numbers(part).count() as u64).sum();
            shell.inform(format!(
                "Stopped: {kept} points are kept in {}; the same command goes on from there",
                path.display()
            ));
            return Ok(Exit::Failed);
        }
        folder.finish()?;
        let mut document = Self::document(job);
        document.out = Some(path.display().to_string());
        document.shard = shard;
        document.count(&path, mine.into_iter())?;
        document.show(shell)?;
        let has_failed = document.states.contains_key("failed");
        Ok(if has_failed { Exit::Failed } else { Exit::Done })
    }

    fn document(job: &Job) -> SweepDocument {
        SweepDocument {
            schema: SweepDocument::SCHEMA,
            name: job.name().into(),
            points: job.points(),
            parts: job.parts(),
            part_points: job.part_points(),
            spec_hash: job.manifest(None).spec_hash,
            ..SweepDocument::default()
        }
    }

    /// Tells the number of points, and the time that they would take by that of three.
    fn estimate(&self, job: &Job, shell: &mut Shell) -> Result<Exit, CliError> {
        if shell.json() {
            shell.json_document(&Self::document(job))?;
            return Ok(Exit::Done);
        }
        let count = job.points();
        // The first point reads what all share.
        job.row(0)?;
        let started = Instant::now();
        let tried = [0, count / 2, count - 1];
        tried.iter().try_for_each(|&number| job.row(number).map(|_| ()))?;
        let threads = self.threads();
        let seconds = started.elapsed().as_secs_f64() / 3.0 * count as f64 / threads as f64;
        shell.line(format!(
            "{}: {count} points in {} parts, about {} on {threads} threads by the first, the \
             middle and the last point",
            job.name(),
            job.parts(),
            spoken(seconds)
        ))?;
        Ok(Exit::Done)
    }
}

fn announce(job: &Job, mine: &[u64], missing: &[u64], shell: &Shell) {
    let points =
        |parts: &[u64]| -> u64 { parts.iter().map(|&part| job.numbers(part).count() as u64).sum() };
    let (all, left) = (points(mine), points(missing));
    let kept =
        if all == left { String::new() } else { format!(", {} of them are there", all - left) };
    shell.inform(format!("{}: {all} points in {} parts{kept}", job.name(), mine.len()));
    if mine.is_empty() {
        shell.warn(format!(
            "the sweep has {} parts, fewer than shards; give `part-points` in its file",
            job.parts()
        ));
    }
}

/// A flag that Ctrl-C or SIGTERM sets; the second time ends the process at once.
fn stop_on_interrupt() -> Arc<AtomicBool> {
    const INTERRUPTED: i32 = 130;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    // Where no handler can be set the process just ends, which the folder survives as well.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
    });
    stop
}

impl Export {
    fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let Some(manifest) = read_manifest(&self.folder)? else {
            return Err(no_sweep(&self.folder));
        };
        if !manifest.complete {
            shell.warn("the sweep is not complete; only the parts that are there are printed");
        }
        let there = Folder::open(&self.folder, manifest)?.parts()?;
        let usual = if shell.json() { ExportFormat::Json } else { ExportFormat::Csv };
        export(&self.folder, there.into_iter(), self.format.unwrap_or(usual), shell)?;
        Ok(Exit::Done)
    }
}

/// A folder that no sweep has written.
pub(super) fn no_sweep(folder: &Path) -> CliError {
    CliError::Store {
        path: folder.into(),
        problem: "holds no sweep; name the DIR of `memwall sweep SPEC --out DIR`".into(),
    }
}
