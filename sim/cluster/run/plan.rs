//! How a run is driven, and which part of it is measured.

use super::client::CallRef;
use crate::cluster::door::PerUser;
use crate::des::Phased;
use crate::units::{SimSpan, SimTime};

/// Who decides when tasks and calls start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// This many tasks in flight; each that ends is replaced at once.
    Closed {
        /// Tasks in flight.
        concurrency: u32,
    },
    /// Each task starts at its own time; its calls follow one another after their gaps.
    Arrivals,
    /// The same, of users each of whom has only so many in flight: the others wait at the door.
    PerUser(PerUser),
    /// Each task starts at its own time, and so does every call that has a timestamp, whether or
    /// not the one before it has ended.
    Timestamps,
}

/// A run's drive and its measuring window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunPlan {
    /// The drive.
    pub load: Load,
    /// Nothing before this is measured.
    pub warmup: SimSpan,
    /// The run stops here, if not before for want of tasks.
    pub horizon: Option<SimSpan>,
    /// The run stops once this many requests have ended within the window.
    pub requests: Option<u64>,
}

/// How far a run has come, for progress bars.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The clock.
    pub now: SimTime,
    /// Requests answered.
    pub completed: u64,
}

impl Load {
    /// The users, if there are any.
    pub(super) const fn per_user(self) -> Option<PerUser> {
        match self {
            Self::PerUser(users) => Some(users),
            Self::Closed { .. } | Self::Arrivals | Self::Timestamps => None,
        }
    }
}

/// Everything that can happen during a run, besides what the service has under way.
/// Closed on purpose.
#[derive(Debug)]
pub(super) enum Event {
    /// The task that was fetched starts (open loop).
    Start,
    /// A call that a client sent some time ago reaches the service.
    Arrive(CallRef),
    /// The warm-up is over.
    Measure,
    /// The horizon is reached.
    Stop,
}

impl Phased for Event {
    /// At one instant: first give back (the service's own steps end before any of these), then
    /// receive, then look.
    fn phase(&self) -> u8 {
        match self {
            Self::Start => 0,
            Self::Arrive(_) => 1,
            Self::Measure => 2,
            Self::Stop => 3,
        }
    }
}
