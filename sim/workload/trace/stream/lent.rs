//! Tasks whose room is used again.

use std::borrow::{Borrow, BorrowMut};
use std::cell::RefCell;
use std::rc::Rc;

use crate::workload::Task;

/// A task that goes back to its source once it is over, to be filled anew: a trace of millions
/// needs room for those in flight.
#[derive(Debug)]
pub struct Lent {
    task: Task,
    home: Rc<Home>,
}

/// Tasks that are over, all of a single call.
#[derive(Debug, Default)]
pub(super) struct Home(RefCell<Vec<Task>>);

impl Lent {
    /// A task of a single call, which `fill` is to complete.
    pub(super) fn from(home: &Rc<Home>, fill: impl FnOnce(&mut Task)) -> Self {
        let over = home.0.borrow_mut().pop();
        let mut task = over.unwrap_or_else(|| Task::of_call(1, 1));
        fill(&mut task);
        Self { task, home: Rc::clone(home) }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.home.0.borrow_mut().push(std::mem::take(&mut self.task));
    }
}

impl Borrow<Task> for Lent {
    fn borrow(&self) -> &Task {
        &self.task
    }
}

impl BorrowMut<Task> for Lent {
    fn borrow_mut(&mut self) -> &mut Task {
        &mut self.task
    }
}
