//! Threads that are shared out to whoever has something to draw, one at a time each.

use std::collections::BTreeSet;

use super::trace::{Trace, Track};

/// Threads of one process that look alike; the lowest free one is given out first.
#[derive(Debug)]
pub(super) struct Lanes {
    process: u32,
    name: &'static str,
    /// Of the first, from top to bottom within the process.
    place: u32,
    tracks: Vec<Track>,
    free: BTreeSet<usize>,
}

impl Lanes {
    /// Lanes named `name 1` and so on.
    pub(super) fn new(process: u32, name: &'static str, place: u32) -> Self {
        Self { process, name, place, tracks: Vec::new(), free: BTreeSet::new() }
    }

    /// A lane for one to draw on, until it is given back.
    pub(super) fn take<W: std::io::Write>(&mut self, trace: &mut Trace<W>) -> usize {
        if let Some(lane) = self.free.pop_first() {
            return lane;
        }
        let lane = self.tracks.len();
        let name = format!("{} {}", self.name, lane + 1);
        self.tracks.push(trace.thread(self.process, name, self.place + lane as u32));
        lane
    }

    /// A lane that was taken.
    pub(super) fn track(&mut self, lane: usize) -> &mut Track {
        &mut self.tracks[lane]
    }

    /// Nothing more is drawn there for now.
    pub(super) fn give_back(&mut self, lane: usize) {
        self.free.insert(lane);
    }
}
