//! Traces that are read while they are replayed, on a thread of their own.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{JoinHandle, spawn};

use crate::workload::{Batch, StreamEnd, StreamedTasks, Tally, WorkloadError, open_stream};

/// Batches that wait to be replayed: enough for either side to pause, few enough to forget.
const AHEAD: usize = 4;

/// A file that is replayed from its beginning whenever its tasks are asked for.
#[derive(Clone, Debug)]
pub(in crate::cli::simulate) struct Streamed {
    path: PathBuf,
    pub(in crate::cli::simulate) page_tokens: Option<u32>,
    /// What the last replay has seen.
    pub(in crate::cli::simulate) tally: Tally,
}

/// What one end of a channel brings.
type Step = Result<Batch, StreamEnd>;

/// The reader's end of what is read.
pub(in crate::cli::simulate) struct Reading {
    steps: Receiver<Step>,
    thread: Option<JoinHandle<()>>,
}

impl Streamed {
    /// The trace of `paths`, if that is one file which can be replayed while it is read.
    pub(in crate::cli::simulate) fn of(paths: &[PathBuf]) -> Result<Option<Self>, WorkloadError> {
        let [path] = paths else { return Ok(None) };
        Ok(open_stream(path)?.map(|stream| Self {
            path: path.clone(),
            page_tokens: stream.page_tokens(),
            tally: Tally::default(),
        }))
    }

    /// Its tasks, for a model with a context of `window` tokens.
    pub(in crate::cli::simulate) fn tasks(
        &self,
        window: u32,
    ) -> Result<StreamedTasks<Reading>, StreamEnd> {
        let mut stream = open_stream(&self.path)?.ok_or(StreamEnd::Conversations)?;
        let (sender, steps) = sync_channel::<Step>(AHEAD);
        let read = move || {
            while let Some(step) = stream.next_batch().transpose() {
                let is_last = step.is_err();
                // Nobody wants more.
                if sender.send(step).is_err() || is_last {
                    break;
                }
            }
        };
        Ok(StreamedTasks::new(Reading { steps, thread: Some(spawn(read)) }, window))
    }
}

impl Iterator for Reading {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let step = self.steps.recv().ok();
        // A reader that broke down has not come to the end of its file.
        if step.is_none()
            && let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
        {
            resume_unwind(panic);
        }
        step
    }
}
