//! From batches to tasks.

use std::borrow::Borrow;
use std::rc::Rc;

use super::lent::Home;
use super::{Batch, Lent, StreamEnd};
use crate::workload::{Call, Task};

/// The tasks of a trace in the order of its lines, from wherever its batches come.
#[derive(Debug)]
pub struct StreamedTasks<S> {
    batches: S,
    batch: Batch,
    next: usize,
    end: Option<StreamEnd>,
    tally: Tally,
    window: u32,
    home: Rc<Home>,
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
        let (batch, tally, home) = (Batch::default(), Tally::default(), Rc::default());
        Self { batches, batch, next: 0, end: None, tally, window, home }
    }

    /// What was seen, or what ended the stream too soon.
    pub fn finish(self) -> Result<Tally, StreamEnd> {
        self.end.map_or(Ok(self.tally), Err)
    }
}

impl<S: Iterator<Item = Result<Batch, StreamEnd>>> Iterator for StreamedTasks<S> {
    type Item = Lent;

    fn next(&mut self) -> Option<Lent> {
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
        let mut output = 0;
        let task = Lent::from(&self.home, |task| output = self.batch.fill(self.next, task));
        self.next += 1;
        self.tally.requests += 1;
        self.tally.without_output += u64::from(output == 0);
        let is_long = |call: &Call| call.prompt + call.output > self.window;
        let is_long = Borrow::<Task>::borrow(&task).calls().any(is_long);
        self.tally.beyond_window += u64::from(is_long);
        Some(task)
    }
}
