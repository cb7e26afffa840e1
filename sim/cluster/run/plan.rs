//! How a run is driven, and which part of it is measured.

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
