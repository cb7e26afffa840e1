//! The work that every trial draws from, so that chips compete on common random numbers.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::OnceLock;

use crate::cost::Pricer;
use crate::serving::{Extent, Replica};
use crate::units::{SimSpan, SimTime};
use crate::workload::{Entered, Task, Tasks};

/// How long a call is taken to last when clients are placed in the middle of their tasks.
///
/// Claude Code's calls take 6 s at the median and 13 s on average (TraceLab, arXiv 2606.30560).
const SERVICE: SimSpan = SimSpan::from_ms(10_000);

/// Generated tasks over which means are taken; a coding agent's vary by about their mean, so that
/// this many give it to 3 %.
const SAMPLED: u64 = 1500;

/// Tasks for closed loops of any size.
///
/// A loop of `n` clients begins with the first `n` of [`underway`](Self::underway) and goes on with
/// [`fresh`](Self::fresh) tasks from number `n`.
#[derive(Clone, Debug)]
pub struct TaskPool {
    underway: Vec<Entered>,
    fresh: Fresh,
    calls_per_task: f64,
}

#[derive(Clone, Debug)]
enum Fresh {
    Generated {
        tasks: Box<Tasks>,
        /// The first of them, each written out when a trial first asks for it: a search tries a
        /// hundred loads on the same work.
        written: Vec<OnceLock<Task>>,
    },
    Recorded(Vec<Task>),
}

impl TaskPool {
    /// What the `slot`-th client of generated work is in the middle of when a run begins.
    pub fn underway_in(tasks: &Tasks, slot: u32) -> Entered {
        tasks.underway(u64::from(slot), SERVICE)
    }

    /// A pool of generated tasks; `underway` holds [`underway_in`](Self::underway_in) of the slots
    /// from 0 on, computed by the caller because it may do so in parallel.
    pub fn generated(tasks: Tasks, underway: Vec<Entered>) -> Self {
        let calls_per_task = tasks.calls_per_task(SAMPLED);
        let written = vec![OnceLock::new(); 2 * underway.len()];
        let fresh = Fresh::Generated { tasks: Box::new(tasks), written };
        Self { underway, fresh, calls_per_task }
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
        let underway = entered.collect();
        let calls_per_task = calls_per_recorded(&tasks);
        Self { underway, fresh: Fresh::Recorded(tasks), calls_per_task }
    }

    /// Calls of a whole task on average, sub-agents' included.
    pub fn calls_per_task(&self) -> f64 {
        self.calls_per_task
    }

    /// What the clients are in the middle of when a run begins; as many as there can be clients.
    pub fn underway(&self) -> &[Entered] {
        &self.underway
    }

    /// Leaves in `replica`'s cache what the first `clients` clients left there before the run, as
    /// far as it would still be there after `ttl`, and returns the tasks of their closed loop.
    pub fn enter<'a, P: Pricer>(
        &'a self,
        replica: &mut Replica<P>,
        clients: u32,
        ttl: Option<SimSpan>,
    ) -> impl Iterator<Item = Cow<'a, Task>> + use<'a, P> {
        self.warm(clients, ttl, |_, content| replica.warm(SimTime::ZERO, content));
        self.loop_of(clients)
    }

    /// Tells `warm` what the first `clients` clients left in a cache before the run, by client, the
    /// longest ago first, as far as it would still be there after `ttl`.
    pub fn warm(&self, clients: u32, ttl: Option<SimSpan>, mut warm: impl FnMut(u32, &[Extent])) {
        let underway = &self.underway[..clients as usize];
        let mut by_age: Vec<(u32, &Entered)> = (0..).zip(underway).collect();
        by_age.sort_by_key(|(_, entered)| Reverse(entered.idle));
        for (client, entered) in by_age {
            if ttl.is_none_or(|ttl| entered.idle <= ttl) {
                warm(client, &entered.warm);
            }
        }
    }

    /// The tasks of a closed loop of `clients` clients that are in the middle of some.
    pub fn loop_of(&self, clients: u32) -> impl Iterator<Item = Cow<'_, Task>> {
        let underway = &self.underway[..clients as usize];
        let underway = underway.iter().map(|entered| Cow::Borrowed(&entered.task));
        underway.chain(self.shared(clients))
    }

    /// Tasks from number `first` on, as the pool has them.
    fn shared(&self, first: u32) -> Box<dyn Iterator<Item = Cow<'_, Task>> + '_> {
        match &self.fresh {
            Fresh::Generated { tasks, written } => Box::new((first as usize..).map(|index| {
                let write = || tasks.task(index as u64);
                let known = written.get(index).map(|cell| cell.get_or_init(write));
                known.map_or_else(|| Cow::Owned(write()), Cow::Borrowed)
            })),
            Fresh::Recorded(tasks) => {
                Box::new(tasks.iter().skip(first as usize).map(Cow::Borrowed))
            }
        }
    }

    /// Tasks from number `first` on.
    pub fn fresh(&self, first: u32) -> impl Iterator<Item = Task> {
        self.shared(first).map(Cow::into_owned)
    }
}

fn calls_per_recorded(tasks: &[Task]) -> f64 {
    let calls: usize = tasks.iter().map(|task| task.calls().count()).sum();
    calls as f64 / tasks.len().max(1) as f64
}
