//! What can happen.

use crate::cluster::{Agent, Passage};
use crate::serving::{Note, Outcome};
use crate::units::SimTime;
use crate::workload::Cause;

/// Whoever wants to know what happens. Told in the order in which it becomes known.
pub trait Witness {
    /// Something has happened at `now`, or is certain to.
    fn see(&mut self, now: SimTime, what: Happening);
}

/// Everything that can happen. Closed on purpose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happening {
    /// A replica has begun steps, or its load has changed. Stretches of steps are told when they
    /// have ended.
    Noted {
        /// Its number in the fleet.
        replica: u32,
        /// What it noted.
        note: Note,
    },
    /// Something has happened to a replica, or between two.
    Passed(Passage),
    /// A client has sent a request.
    Sent {
        /// Who.
        agent: Agent,
        /// The task's number in the run, from 1.
        task: u64,
        /// When; it arrives now.
        sent: SimTime,
        /// Its number in the run.
        request: u32,
    },
    /// A request is too long for any replica.
    Rejected {
        /// Its number in the run.
        request: u32,
    },
    /// A request is answered.
    Answered(Outcome),
    /// A tool runs, or a person thinks, from now on.
    Paused {
        /// Who waits for it.
        agent: Agent,
        /// The task's number in the run, from 1.
        task: u64,
        /// When it ends.
        until: SimTime,
        /// Which of the two.
        cause: Cause,
    },
    /// Nothing more comes of an agent.
    Left(Agent),
    /// The warm-up is over.
    Measured,
    /// The run is over.
    Ended,
}
