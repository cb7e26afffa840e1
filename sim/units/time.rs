//! Scheduled time: whole picoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use super::{Seconds, with_prefix};

const PS_PER_SECOND: f64 = 1e12;

/// A distance between two instants, in whole picoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimSpan(u64);

/// An instant of simulated time, in whole picoseconds since the run began; reaches 213 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(u64);

impl SimSpan {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// The only door from modelled seconds into scheduled time.
    ///
    /// Rounds up, so that non-zero work never takes zero time. Saturates at 213 days.
    pub fn from_seconds(seconds: Seconds) -> Self {
        let ps = seconds.get() * PS_PER_SECOND;
        // `f64::ceil` is a call where processors may lack the instruction.
        let whole = ps as u64;
        Self(whole.saturating_add(u64::from((whole as f64) < ps)))
    }

    /// A span of whole picoseconds.
    pub const fn from_ps(ps: u64) -> Self {
        Self(ps)
    }

    /// A span of whole milliseconds; traces are written in them.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000_000))
    }

    /// The number of picoseconds.
    pub const fn as_ps(self) -> u64 {
        self.0
    }

    /// The span as modelled seconds.
    pub fn seconds(self) -> Seconds {
        Seconds::new(self.0 as f64 / PS_PER_SECOND)
    }

    /// The span in milliseconds, for reports.
    pub fn as_ms(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl SimTime {
    /// The beginning of a run.
    pub const ZERO: Self = Self(0);
    /// An instant that no run reaches.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `span` after the beginning.
    pub const fn after_start(span: SimSpan) -> Self {
        Self(span.0)
    }

    /// The time since the beginning.
    pub const fn since_start(self) -> SimSpan {
        SimSpan(self.0)
    }

    /// The instant `span` earlier, if the run had begun by then.
    pub fn before(self, span: SimSpan) -> Option<Self> {
        self.0.checked_sub(span.0).map(Self)
    }

    /// The span from `earlier` to `self`.
    ///
    /// # Panics
    /// If `earlier` is later: time never runs backward.
    #[track_caller]
    pub fn since(self, earlier: Self) -> SimSpan {
        assert!(earlier <= self, "time ran backward: {earlier} is after {self}");
        SimSpan(self.0 - earlier.0)
    }
}

impl Add<SimSpan> for SimTime {
    type Output = Self;
    /// What lies past 213 days lies at [`SimTime::NEVER`].
    fn add(self, span: SimSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for SimSpan {
    type Output = Self;
    /// Saturates at 213 days, after which nothing happens any more.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimSpan {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for SimSpan {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a span is not negative"))
    }
}

impl fmt::Display for SimSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&with_prefix(self.0 as f64 / PS_PER_SECOND, "s"))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.since_start().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_never_takes_zero_time() {
        assert_eq!(SimSpan::from_seconds(Seconds::new(1e-15)), SimSpan::from_ps(1));
        assert_eq!(SimSpan::from_seconds(Seconds::ZERO), SimSpan::ZERO);
    }

    #[test]
    fn beyond_the_last_instant_lies_never() {
        let longest = SimSpan::from_seconds(Seconds::new(1e300));
        assert_eq!(longest + SimSpan::from_ps(1), longest);
        assert_eq!(SimTime::after_start(SimSpan::from_ps(1)) + longest, SimTime::NEVER);
    }

    #[test]
    #[should_panic(expected = "time ran backward")]
    fn time_does_not_run_backward() {
        let _ = SimTime::ZERO.since(SimTime::after_start(SimSpan::from_ps(1)));
    }
}
