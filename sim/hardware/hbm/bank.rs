//! One bank: its open row, and when it takes which command.

use super::clocks::Clocks;
use super::loss::Cause;

/// A read or a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Read,
    Write,
}

/// A bank's state; instants in clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bank {
    /// The open row.
    pub(super) open: Option<u32>,
    /// When it may be activated, and what that waits for.
    pub(super) act_ready: u64,
    act_cause: Cause,
    /// When its row may be closed.
    pub(super) pre_ready: u64,
    /// When its row may be read and written, and what that waits for.
    read_ready: u64,
    write_ready: u64,
    pub(super) cause: Cause,
}

impl Bank {
    pub(super) const CLOSED: Self = Self {
        open: None,
        act_ready: 0,
        act_cause: Cause::Activate,
        pre_ready: 0,
        read_ready: 0,
        write_ready: 0,
        cause: Cause::Activate,
    };

    /// When its row may be read or written.
    pub(super) fn ready(&self, way: Way) -> u64 {
        match way {
            Way::Read => self.read_ready,
            Way::Write => self.write_ready,
        }
    }

    /// Opens `row` at `at` for a request that is there since `seen`.
    pub(super) fn activate(&mut self, row: u32, at: u64, seen: u64, clocks: &Clocks) {
        let held_back = self.act_ready == at && at > seen;
        self.cause = if held_back { self.act_cause } else { Cause::Activate };
        self.open = Some(row);
        self.read_ready = at + clocks.rcd_read;
        self.write_ready = at + clocks.rcd_write;
        self.pre_ready = at + clocks.ras;
        self.act_ready = at + clocks.rc;
        self.act_cause = Cause::BankConflict;
    }

    /// Closes its row at `at` for a request that is there since `seen`.
    pub(super) fn precharge(&mut self, at: u64, seen: u64, clocks: &Clocks) {
        let held_back = self.pre_ready == at && at > seen;
        self.open = None;
        if at + clocks.rp >= self.act_ready {
            self.act_ready = at + clocks.rp;
            self.act_cause = if held_back { Cause::BankConflict } else { Cause::Activate };
        }
    }

    /// Reads or writes at `at`.
    pub(super) fn access(&mut self, way: Way, at: u64, clocks: &Clocks) {
        let until = match way {
            Way::Read => at + clocks.rtp,
            Way::Write => at + clocks.wtp,
        };
        self.pre_ready = self.pre_ready.max(until);
    }

    /// When a refresh decided at `now` can begin: its row closed, its last cycle over.
    pub(super) fn refreshable(&self, now: u64, clocks: &Clocks) -> u64 {
        let closed = self.open.map_or(now, |_| now.max(self.pre_ready) + clocks.rp);
        closed.max(self.act_ready)
    }

    /// Refreshes it until `until`.
    pub(super) fn refresh(&mut self, until: u64) {
        self.open = None;
        self.act_ready = until;
        self.act_cause = Cause::Refresh;
    }
}
