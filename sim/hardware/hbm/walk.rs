//! From a pattern to the banks and rows that one pseudo-channel is asked for.

use super::pattern::Pattern;
use super::timing::{Controller, Geometry};
use crate::des::{Stream, Streams};

/// Rows of a bank; only how often they repeat depends on it.
const ROWS: u64 = 1 << 14;

/// One burst: where it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Bank, counted over dies, bank groups, banks of a group.
    pub(super) bank: u32,
    pub(super) row: u32,
}

/// How the addresses of a pseudo-channel fall on its banks.
///
/// From the low bits: bytes of a stride, lane, strides of a row, bank, dies, row. A lane is one of
/// the banks that neighbours lie in, in turn: first one of each bank group, then another of each. A
/// stream opens each row once, and goes on in the other lanes while a bank is refreshed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    stride: u64,
    groups: u64,
    lanes: u64,
    strides: u64,
    per_group: u64,
    dies: u64,
}

impl Mapping {
    /// Of a stack with `dies` sets of four dies.
    pub(super) fn new(geometry: &Geometry, controller: &Controller, dies: u32) -> Self {
        Self {
            stride: controller.stride,
            groups: u64::from(geometry.groups),
            lanes: controller.lanes.max(u64::from(geometry.groups)),
            strides: geometry.row / controller.stride,
            per_group: u64::from(geometry.banks / geometry.groups),
            dies: u64::from(dies),
        }
    }

    /// Bytes of one row in every lane.
    fn rows_together(&self) -> u64 {
        self.stride * self.lanes * self.strides
    }

    fn space(&self) -> u64 {
        self.rows_together() * self.sets() * self.dies * ROWS
    }

    /// Sets of lanes in four dies.
    fn sets(&self) -> u64 {
        self.per_group * self.groups / self.lanes
    }

    fn place(&self, address: u64) -> Place {
        let lane = address / self.stride % self.lanes;
        let group = lane % self.groups;
        let above = address / self.rows_together();
        let bank = above % self.sets() * (self.lanes / self.groups) + lane / self.groups;
        let die = above / self.sets() % self.dies;
        let row = above / (self.sets() * self.dies) % ROWS;
        let bank = (die * self.groups + group) * self.per_group + bank;
        Place { bank: bank as u32, row: row as u32 }
    }
}

/// Bytes of `pattern` that lie together in one of `channels` pseudo-channels; `None`: no end.
///
/// A piece is dealt out in granules; one too small for all channels gives a granule to some.
fn run(pattern: Pattern, channels: u64, granule: u64) -> Option<u64> {
    let size = match pattern {
        Pattern::Stream => return None,
        Pattern::Paged(size) | Pattern::Random(size) => size.get() as u64,
    };
    let dealt = size / channels / granule * granule;
    Some(dealt.max(size.min(granule)))
}

/// An endless walk over addresses.
pub(super) struct Walk {
    mapping: Mapping,
    /// Bytes of a burst.
    burst: u64,
    /// Bytes of a run, and what is left of this one.
    run: Option<u64>,
    left: u64,
    address: u64,
    random: Stream,
}

impl Walk {
    /// The walk of one direction, `name`, over a pseudo-channel, one of `channels`.
    pub(super) fn new(
        name: &str,
        pattern: Pattern,
        channels: u64,
        (mapping, burst): (Mapping, u64),
        granule: u64,
    ) -> Self {
        let mut random = Streams::new(1).named(name, 0);
        // A stream of its own place: reads and writes go through the banks out of step.
        let address = random.integer(0, mapping.space() / granule - 1) * granule;
        let run = run(pattern, channels, granule);
        Self { mapping, burst, run, left: run.unwrap_or(0), address, random }
    }

    /// The next burst.
    pub(super) fn next(&mut self) -> Place {
        if let Some(run) = self.run {
            if self.left < self.burst {
                self.left = run;
                let places = self.mapping.space() / run;
                self.address = self.random.integer(0, places - 1) * run / self.burst * self.burst;
            }
            self.left -= self.burst;
        }
        let place = self.mapping.place(self.address);
        self.address += self.burst;
        place
    }
}
