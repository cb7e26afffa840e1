//! From batches to tasks.

use super::{Batch, StreamEnd};
use crate::workload::Task;

/// The tasks of a trace in the order of its lines, from wherever its batches come.
#[derive(Debug)]
pub struct StreamedTasks<S> {
    batches: S,
    batch: Batch,
    next: usize,
    end: Option<StreamEnd>,
    tally: Tally,
    window: u32,
}

/// What was seen of a trace so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests.
    pub requests: u64,
    /// Those longer than the model's window.
    pub beyond_window: u64,
    /// Those whose recorded output is zero tokens; they generate one.
    pub without_output: u64,
}

impl<S: Iterator<Item = Result<Batch, StreamEnd>>> StreamedTasks<S> {
    /// The tasks of `batches`, for a model with a context of `window` tokens.
    pub fn new(batches: S, window: u32) -> Self {
        let (batch, tally) = (Batch::default(), Tally::default());
        Self { batches, batch, next: 0, end: None, tally, window }
    }

    /// What was seen, or what ended the stream too soon.
    pub fn finish(self) -> Result<Tally, StreamEnd> {
        self.end.map_or(Ok(self.tally), Err)
    }
}

impl<S: Iterator<Item = Result<Batch, StreamEnd>>> Iterator for StreamedTasks<S> {
    type Item = Task;

    fn next(&mut self) -> Option<Task> {
        if self.next == self.batch.len() {
            if self.end.is_some() {
                return None;
            }
            match self.batches.next()? {
                Ok(batch) => (self.batch, self.next) = (batch, 0),
                Err(end) => self.end = Some(end),
            }
            return self.next();
        }
        let (task, output) = self.batch.task(self.next);
        self.next += 1;
        self.tally.requests += 1;
        self.tally.without_output += u64::from(output == 0);
        let is_long = task.calls().any(|call| call.prompt + call.output > self.window);
        self.tally.beyond_window += u64::from(is_long);
        Some(task)
    }
}
