//! What is asked of a fleet, and what it can be built of.

use std::collections::BTreeMap;

use crate::units::{UsdPerHour, Watts};

/// What a replica, or pools of them that work together, yield at the best load within the service
/// level, simulated: a unit that fleets have several of.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Points of one kind are rivals: of each kind the best fleet is named.
    pub kind: String,
    /// Chips of a unit by name, each name once.
    pub chips: Vec<(String, u32)>,
    /// Which of several demands it serves, from 0.
    pub demand: usize,
    /// The caller's number for it.
    pub row: usize,
    /// Tasks per hour of a unit.
    pub tasks_per_hour: f64,
    /// What a unit costs; `None` if a chip's price is not known.
    pub hourly: Option<UsdPerHour>,
    /// All-in power of a unit; `None` if a chip's is not known.
    pub facility: Option<Watts>,
}

impl Point {
    /// Chips of a unit.
    pub fn gpus(&self) -> u32 {
        self.chips.iter().map(|(_, count)| count).sum()
    }

    /// Chips of a unit that are called `chip`.
    pub(super) fn of(&self, chip: &str) -> u32 {
        self.chips.iter().find(|(name, _)| name == chip).map_or(0, |(_, count)| *count)
    }

    /// Units that carry `tasks` tasks an hour, at least one.
    pub fn carrying(&self, tasks: f64) -> f64 {
        libm::ceil(tasks / self.tasks_per_hour).max(1.0)
    }

    /// What a unit takes of what is to be least; `None` if it is not known.
    pub(super) fn measure(&self, objective: Objective) -> Option<f64> {
        match objective {
            Objective::Cheapest => self.hourly.map(UsdPerHour::get),
            Objective::Smallest => Some(f64::from(self.gpus())),
            Objective::LeastPower => self.facility.map(Watts::get),
        }
    }
}

/// The names of all chips of `points`, each once.
pub(super) fn chips_of<'a>(points: impl Iterator<Item = &'a Point>) -> String {
    let chips = points.flat_map(|point| &point.chips);
    let mut names: Vec<&str> = chips.map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" with ")
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
    /// What is limited, by the name it is refused with: a unit's part of it, and the limit.
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
    /// Units that may fail without missing it.
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
