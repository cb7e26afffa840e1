//! Cores on which agents' tools run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::units::{SimSpan, SimTime};

/// Host cores that tool calls queue for, first come first served, one core each.
#[derive(Clone, Debug)]
pub struct HostCores {
    /// When each core is free.
    free: BinaryHeap<Reverse<SimTime>>,
    cores: u32,
    /// Share of a tool call's time for which it needs its core; it is elsewhere for the rest.
    share: f64,
    pub(super) calls: u64,
    pub(super) busy: SimSpan,
    pub(super) waits: Vec<SimSpan>,
}

impl HostCores {
    /// `cores` idle cores, at least one.
    pub fn new(cores: u32, share: f64) -> Self {
        let free = (0..cores.max(1)).map(|_| Reverse(SimTime::ZERO)).collect();
        let (busy, waits) = (SimSpan::ZERO, Vec::new());
        Self { free, cores: cores.max(1), share, calls: 0, busy, waits }
    }

    /// How many.
    pub fn count(&self) -> u32 {
        self.cores
    }

    /// Runs a tool that takes `span` by itself, from `now` on. Returns how long it takes with the
    /// wait for a core. Calls must come in order of time.
    pub fn run(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        let Some(Reverse(free)) = self.free.pop() else { return span };
        let start = free.max(now);
        let work = SimSpan::from_seconds(span.seconds() * self.share).min(span);
        self.free.push(Reverse(start + work));
        let wait = start.since(now);
        self.calls += 1;
        self.busy += work;
        self.waits.push(wait);
        wait + span
    }

    pub(super) fn reset(&mut self) {
        self.calls = 0;
        self.busy = SimSpan::ZERO;
        self.waits.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_wait_for_cores_in_order() {
        let ms = SimSpan::from_ms;
        let at = |span| SimTime::after_start(ms(span));
        let mut cores = HostCores::new(2, 0.5);
        // Each needs its core for half of its time.
        assert_eq!(cores.run(at(0), ms(100)), ms(100));
        assert_eq!(cores.run(at(10), ms(100)), ms(100));
        assert_eq!(cores.run(at(20), ms(40)), ms(30 + 40));
        assert_eq!(cores.run(at(20), ms(40)), ms(40 + 40));
        assert_eq!((cores.calls, cores.busy), (4, ms(140)));
    }
}
