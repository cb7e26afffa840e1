//! The work that every trial draws from, so that chips compete on common random numbers.

use crate::units::SimSpan;
use crate::workload::{Entered, Task, Tasks};

/// How long a call is taken to last when clients are placed in the middle of their tasks.
///
/// Claude Code's calls take 6 s at the median and 13 s on average (TraceLab, arXiv 2606.30560).
const SERVICE: SimSpan = SimSpan::from_ms(10_000);

/// Tasks for closed loops of any size.
///
/// A loop of `n` clients begins with the first `n` of [`underway`](Self::underway) and goes on with
/// [`fresh`](Self::fresh) tasks from number `n`.
#[derive(Clone, Debug)]
pub struct TaskPool {
    underway: Vec<Entered>,
    fresh: Fresh,
}

#[derive(Clone, Debug)]
enum Fresh {
    Generated(Tasks),
    Recorded(Vec<Task>),
}

impl TaskPool {
    /// A pool of generated tasks for at most `clients` clients.
    pub fn generated(tasks: Tasks, clients: u32) -> Self {
        let underway = (0..u64::from(clients)).map(|slot| tasks.underway(slot, SERVICE)).collect();
        Self { underway, fresh: Fresh::Generated(tasks) }
    }

    /// A pool of recorded tasks; a client can only be in the middle of one that is there.
    ///
    /// The `i`-th client enters the `i`-th task at the `i`-th point of a sequence that fills
    /// `[0, 1)` evenly.
    pub fn recorded(tasks: Vec<Task>) -> Self {
        let entered = tasks.iter().enumerate().map(|(i, task)| {
            let golden = (i as f64 * 0.618_033_988_749_895) % 1.0;
            task.clone().entered(golden, SERVICE)
        });
        Self { underway: entered.collect(), fresh: Fresh::Recorded(tasks) }
    }

    /// What the clients are in the middle of when a run begins; as many as there can be clients.
    pub fn underway(&self) -> &[Entered] {
        &self.underway
    }

    /// Tasks from number `first` on.
    pub fn fresh(&self, first: u32) -> Box<dyn Iterator<Item = Task> + '_> {
        match &self.fresh {
            Fresh::Generated(tasks) => {
                Box::new((u64::from(first)..).map(|index| tasks.task(index)))
            }
            Fresh::Recorded(tasks) => Box::new(tasks.iter().skip(first as usize).cloned()),
        }
    }
}
