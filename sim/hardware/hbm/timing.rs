//! `hbm-timing.toml`: the times of each kind of stacked memory, and where they are from.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::hardware::chip::Class;

const FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/hw-specs/hbm-timing.toml"));

/// The whole file.
#[derive(Debug, Deserialize)]
pub(crate) struct Timings {
    controller: Controller,
    #[serde(flatten)]
    kinds: BTreeMap<String, Timing>,
}

/// The memory controller of an accelerator.
#[derive(Debug, Deserialize)]
pub(super) struct Controller {
    /// Reads that it sees at once, in bursts.
    pub(super) queue: usize,
    /// Writes that it and the cache before it hold back, in bursts.
    pub(super) write_queue: usize,
    /// Bytes that stay in a bank before the next lane.
    pub(super) stride: u64,
    /// Banks that neighbours lie in, a multiple of the bank groups.
    pub(super) lanes: u64,
    /// Bytes that stay in a pseudo-channel before the next.
    pub(super) granule: u64,
}

/// One kind of stacked memory. Times in nanoseconds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timing {
    pub(super) geometry: Geometry,
    pub(super) rows: Rows,
    pub(super) columns: Columns,
    pub(super) turnaround: Turnaround,
    pub(super) refresh: Refreshes,
    pub(super) on_die: OnDie,
}

/// How a channel is built.
#[derive(Debug, Deserialize)]
pub(super) struct Geometry {
    /// Data pins of a pseudo-channel.
    pub(super) width: u32,
    /// Bits that one pin moves in a burst.
    pub(super) burst: u32,
    /// Bits that one pin moves in one clock of the command bus.
    pub(super) bits_per_clock: u32,
    /// Channels of a stack, each of two pseudo-channels.
    pub(super) channels: u32,
    /// Bank groups of four dies.
    pub(super) groups: u32,
    /// Banks that a pseudo-channel has in four dies.
    pub(super) banks: u32,
    /// Bytes of a row of one bank.
    pub(super) row: u64,
}

/// Opening and closing rows.
#[derive(Debug, Deserialize)]
pub(super) struct Rows {
    pub(super) rcd_read: f64,
    pub(super) rcd_write: f64,
    pub(super) rp: f64,
    pub(super) ras: f64,
    pub(super) rc: f64,
    pub(super) rrd_s: f64,
    pub(super) rrd_l: f64,
    pub(super) faw: f64,
}

/// Column commands; `ccd` in clocks.
#[derive(Debug, Deserialize)]
pub(super) struct Columns {
    pub(super) ccd_s: u64,
    pub(super) ccd_l: u64,
    pub(super) ccd_r: u64,
    pub(super) rtp: f64,
}

/// From reads to writes and back.
#[derive(Debug, Deserialize)]
pub(super) struct Turnaround {
    pub(super) rtw: f64,
    pub(super) cwl: f64,
    pub(super) wr: f64,
    pub(super) wtr_s: f64,
    pub(super) wtr_l: f64,
}

/// Refresh; tables of channel density in Gbit and time.
#[derive(Debug, Deserialize)]
pub(super) struct Refreshes {
    pub(super) refi: f64,
    pub(super) rrefd: f64,
    pub(super) all_bank: Vec<(f64, f64)>,
    pub(super) per_bank: Vec<(f64, f64)>,
}

/// What a stream loses between the memory's pins and the cores.
///
/// Measured best stream over the model's, mean over chips of one kind of memory.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDie {
    /// The factor, above 0 and at most 1.
    pub factor: f64,
    /// Measured chips behind it; 0 if it is taken from another kind.
    pub n: u32,
    /// How far it can be trusted.
    pub class: Class,
    /// Keys of `sources.toml`.
    pub source: String,
}

static TIMINGS: LazyLock<Timings> =
    LazyLock::new(|| toml::from_str(FILE).expect("the shipped hbm-timing.toml is well-formed"));

/// The kind and its times, whatever the spelling: `hbm3e`, `HBM3e`.
pub(super) fn timing(kind: &str) -> Option<(&'static str, &'static Timing)> {
    let found = TIMINGS.kinds.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind));
    found.map(|(name, timing)| (name.as_str(), timing))
}

/// The controller.
pub(super) fn controller() -> &'static Controller {
    &TIMINGS.controller
}
