//! A kind's times at a pin rate and a density, in whole clocks of the command bus.

use super::timing::Timing;
use crate::hardware::chip::Stacks;

/// Every distance between two commands that the scheduler keeps, in clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    /// One burst on the data bus.
    pub(super) burst: u64,
    pub(super) rcd_read: u64,
    pub(super) rcd_write: u64,
    pub(super) rp: u64,
    pub(super) ras: u64,
    pub(super) rc: u64,
    pub(super) rrd_s: u64,
    pub(super) rrd_l: u64,
    pub(super) faw: u64,
    pub(super) ccd_s: u64,
    pub(super) ccd_l: u64,
    pub(super) ccd_r: u64,
    pub(super) rtp: u64,
    /// Read to write, command to command.
    pub(super) rtw: u64,
    /// Write to read in another bank group, and in the same, command to command.
    pub(super) wtr_s: u64,
    pub(super) wtr_l: u64,
    /// Write to precharge, command to command.
    pub(super) wtp: u64,
    /// Between two refreshes of a bank.
    pub(super) refi: u64,
    pub(super) rfc_all: u64,
    pub(super) rfc_bank: u64,
    pub(super) rrefd: u64,
}

impl Clocks {
    /// The clocks of `timing` for pins and dies as `stacks` has them.
    pub(super) fn of(timing: &Timing, stacks: &Stacks) -> Self {
        let Timing { geometry, rows, columns, turnaround, refresh, .. } = timing;
        let gigahertz = stacks.pin_rate / f64::from(geometry.bits_per_clock) / 1e9;
        // A trifle off, so that a time of whole clocks stays so.
        let clocks = |ns: f64| (libm::ceil(ns * gigahertz - 1e-6) as u64).max(1);
        let burst = u64::from(geometry.burst / geometry.bits_per_clock);
        let written = clocks(turnaround.cwl) + burst;
        let gbit = stacks.die.get() * 8.0 / (1u64 << 30) as f64;
        let density = gbit * f64::from(stacks.height) / f64::from(geometry.channels);
        Self {
            burst,
            rcd_read: clocks(rows.rcd_read),
            rcd_write: clocks(rows.rcd_write),
            rp: clocks(rows.rp),
            ras: clocks(rows.ras),
            rc: clocks(rows.rc),
            rrd_s: clocks(rows.rrd_s),
            rrd_l: clocks(rows.rrd_l),
            faw: clocks(rows.faw),
            ccd_s: columns.ccd_s.max(burst),
            ccd_l: columns.ccd_l.max(burst),
            ccd_r: columns.ccd_r.max(burst),
            rtp: clocks(columns.rtp),
            rtw: clocks(turnaround.rtw),
            wtr_s: written + clocks(turnaround.wtr_s),
            wtr_l: written + clocks(turnaround.wtr_l),
            wtp: written + clocks(turnaround.wr),
            refi: clocks(refresh.refi),
            rfc_all: clocks(at(&refresh.all_bank, density)),
            rfc_bank: clocks(at(&refresh.per_bank, density)),
            rrefd: clocks(refresh.rrefd),
        }
    }
}

impl Clocks {
    /// From one refresh to the next, if `turns` of them go round in a refresh interval.
    ///
    /// Never so short that no command goes between: where a clock is slower than any memory's, the
    /// channel would do nothing but refresh.
    pub(super) fn between_refreshes(&self, turns: u64) -> u64 {
        const ROOM: u64 = 4;
        let busy = if turns == 1 { self.rfc_all } else { self.rrefd };
        (self.refi / turns).max(busy + ROOM)
    }
}

/// The time for a channel of `density` Gbit: that of the first density not below, else the last.
fn at(table: &[(f64, f64)], density: f64) -> f64 {
    let row = table.iter().find(|row| row.0 >= density).or_else(|| table.last());
    row.expect("a refresh table has rows").1
}
