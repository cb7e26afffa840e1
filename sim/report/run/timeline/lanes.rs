//! Threads that are shared out to whoever has something to draw, one at a time each.

use std::collections::BTreeSet;
use std::io::Write;

use super::trace::{Trace, Track};
use crate::units::SimTime;

/// Threads of one process that look alike; the lowest free one is given out first.
#[derive(Debug)]
pub(super) struct Lanes {
    process: u32,
    name: &'static str,
    /// Of the first, from top to bottom within the process.
    place: u32,
    tracks: Vec<Track>,
    free: BTreeSet<usize>,
    /// Until when each has been drawn on.
    ends: Vec<SimTime>,
}

impl Lanes {
    /// Lanes named `name 1` and so on.
    pub(super) fn new(process: u32, name: &'static str, place: u32) -> Self {
        Self { process, name, place, tracks: Vec::new(), free: BTreeSet::new(), ends: Vec::new() }
    }

    /// A lane for one to draw on from `start` on, until it is given back.
    ///
    /// What began a while ago may become known now: it finds no lane that was in use since.
    pub(super) fn take<W: Write>(&mut self, start: SimTime, trace: &mut Trace<W>) -> usize {
        let free = self.free.iter().copied().find(|&lane| self.ends[lane] <= start);
        if let Some(lane) = free {
            self.free.remove(&lane);
            return lane;
        }
        let lane = self.tracks.len();
        let name = format!("{} {}", self.name, lane + 1);
        self.tracks.push(trace.thread(self.process, name, self.place + lane as u32));
        self.ends.push(SimTime::ZERO);
        lane
    }

    /// A lane that was taken.
    pub(super) fn track(&mut self, lane: usize) -> &mut Track {
        &mut self.tracks[lane]
    }

    /// Nothing is drawn there after `end` until it is taken anew.
    pub(super) fn give_back(&mut self, lane: usize, end: SimTime) {
        self.ends[lane] = end;
        self.free.insert(lane);
    }
}
