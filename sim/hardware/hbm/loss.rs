//! Where the time of the data bus goes.

use serde::Serialize;

/// What an idle moment of the data bus waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A bank or the channel was being refreshed, or had to open its row again after that.
    Refresh,
    /// A row was being opened: tRCD, or the limits on activates, tRRD and tFAW.
    Activate,
    /// A bank was busy with another row: tRAS, tRC, tRTP, write recovery.
    BankConflict,
    /// From reads to writes or back.
    Turnaround,
    /// Distances between column commands: tCCD, within a bank group or between dies.
    BusGap,
}

/// Shares of the time in which the data bus was idle, by what it waited for.
///
/// With the achieved fraction they add up to one. A moment has one cause, the last thing that held
/// the next command back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Losses {
    /// Refresh, and opening rows again after it.
    pub refresh: f64,
    /// Opening rows.
    pub activate: f64,
    /// Banks busy with another row.
    pub bank_conflict: f64,
    /// Between reads and writes.
    pub turnaround: f64,
    /// Distances between column commands.
    pub bus_gap: f64,
}

impl Losses {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.refresh + self.activate + self.bank_conflict + self.turnaround + self.bus_gap
    }

    pub(super) fn charge(&mut self, cause: Cause, clocks: u64) {
        let part = match cause {
            Cause::Refresh => &mut self.refresh,
            Cause::Activate => &mut self.activate,
            Cause::BankConflict => &mut self.bank_conflict,
            Cause::Turnaround => &mut self.turnaround,
            Cause::BusGap => &mut self.bus_gap,
        };
        *part += clocks as f64;
    }

    pub(super) fn over(self, clocks: u64) -> Self {
        let share = |part: f64| part / clocks as f64;
        Self {
            refresh: share(self.refresh),
            activate: share(self.activate),
            bank_conflict: share(self.bank_conflict),
            turnaround: share(self.turnaround),
            bus_gap: share(self.bus_gap),
        }
    }
}
