//! What is asked of a fleet, and what it can be built of.

use std::collections::BTreeMap;

use crate::units::{UsdPerHour, Watts};

/// What a replica of a chip yields at the best load within the service level, simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The chip.
    pub chip: String,
    /// Which of several demands it serves, from 0.
    pub demand: usize,
    /// Whose engine, so that points of one chip under two engines are two kinds.
    pub engine: String,
    /// The caller's number for it.
    pub row: usize,
    /// Chips of one replica.
    pub gpus: u32,
    /// Tasks per hour of one replica.
    pub tasks_per_hour: f64,
    /// What a chip costs; `None` if it is not known.
    pub hourly: Option<UsdPerHour>,
    /// All-in power of a chip; `None` if it is not known.
    pub facility: Option<Watts>,
}

impl Point {
    /// Replicas that carry `tasks` tasks an hour, at least one.
    pub fn carrying(&self, tasks: f64) -> f64 {
        libm::ceil(tasks / self.tasks_per_hour).max(1.0)
    }

    /// What a replica takes of what is to be least; `None` if it is not known.
    pub(super) fn measure(&self, objective: Objective) -> Option<f64> {
        let gpus = f64::from(self.gpus);
        match objective {
            Objective::Cheapest => self.hourly.map(|rate| rate.get() * gpus),
            Objective::Smallest => Some(gpus),
            Objective::LeastPower => self.facility.map(|watts| watts.get() * gpus),
        }
    }
}

/// What is to be least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Dollars an hour.
    Cheapest,
    /// Chips.
    Smallest,
    /// Facility power.
    LeastPower,
}

/// Upper limits of a fleet, or of all fleets together; `None` for no limit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Chips.
    pub gpus: Option<u64>,
    /// Dollars an hour.
    pub hourly: Option<UsdPerHour>,
    /// Facility power.
    pub facility: Option<Watts>,
    /// Chips that there are of a kind; of kinds without an entry, as many as one likes.
    pub available: BTreeMap<String, u64>,
}

impl Objective {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Cheapest, Self::Smallest, Self::LeastPower];
}

impl Budget {
    /// What is limited, by the name it is refused with: a replica's part of it, and the limit.
    pub(super) fn limits(&self) -> [(&'static str, Objective, Option<f64>); 3] {
        [
            ("gpus", Objective::Smallest, self.gpus.map(|gpus| gpus as f64)),
            ("usd-per-hour", Objective::Cheapest, self.hourly.map(UsdPerHour::get)),
            ("facility", Objective::LeastPower, self.facility.map(Watts::get)),
        ]
    }
}

/// What a fleet has to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Tasks an hour at the peak.
    pub tasks_per_hour: f64,
    /// Replicas that may fail without missing it.
    pub spare: u32,
    /// What is to be least.
    pub objective: Objective,
    /// What it may take.
    pub budget: Budget,
}

/// Why no fleet is left.
#[derive(Clone, Debug, PartialEq)]
pub enum Unmet {
    /// There is no point to build of.
    NoPoint,
    /// Each limit can be kept by itself, but no fleet keeps all of them.
    Together,
    /// The fleet that needs least of it needs more than the budget has: chips, dollars an hour,
    /// facility watts, or chips of one kind.
    OverBudget {
        /// `gpus`, `usd-per-hour`, `facility` or `available`.
        what: &'static str,
        /// What the least fleet needs.
        least: f64,
        /// What there may be.
        limit: f64,
        /// Its chips.
        chip: String,
    },
}
