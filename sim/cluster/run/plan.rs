//! How a run is driven, and which part of it is measured.

use super::client::CallRef;
use crate::cluster::door::PerUser;
use crate::des::{Phased, Streams};
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
    /// What is less urgent than the rest.
    pub classes: Classes,
}

impl RunPlan {
    /// All of a run under `load`, until its tasks run out; all requests are alike.
    pub fn whole(load: Load) -> Self {
        let (warmup, classes) = (SimSpan::ZERO, Classes::default());
        Self { load, warmup, horizon: None, requests: None, classes }
    }
}

/// Which requests are less urgent than others: of tasks in the background, of sub-agents. All are
/// alike by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Share of tasks in the background, in millionths.
    pub background_ppm: u32,
    /// Whether sub-agents are less urgent than the main agents of tasks alike.
    pub sub_agents: bool,
    /// Which tasks are in the background is drawn from a stream of this seed.
    pub seed: u64,
}

impl Classes {
    /// What requests of each priority are called.
    pub const NAMES: [&str; 4] =
        ["foreground", "sub-agents", "background", "background sub-agents"];

    /// How urgent calls are of the agent numbered `chain` of the task numbered `task`; 0 is first.
    ///
    /// Which tasks are in the background depends on the seed and on their number alone: those of a
    /// lower share are among those of a higher one.
    pub fn priority(&self, task: u64, chain: u32) -> u8 {
        let is_background = self.background_ppm > 0 && {
            let unit = Streams::new(self.seed).named("background", task).unit();
            unit * 1e6 < f64::from(self.background_ppm)
        };
        2 * u8::from(is_background) + u8::from(self.sub_agents && chain > 0)
    }
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
    /// A call that a client sent some time ago, at `sent`, reaches the service.
    Arrive { call: CallRef, sent: SimTime },
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
            Self::Arrive { .. } => 1,
            Self::Measure => 2,
            Self::Stop => 3,
        }
    }
}
