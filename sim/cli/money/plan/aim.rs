//! What a fleet is to be least in, and what it may take.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};

use crate::cli::money::flags::positive;
use crate::planning::{Ask, Budget, Objective};
use crate::units::{UsdPerHour, Watts};

/// The aim, spare units and limits.
#[derive(Args, Debug)]
pub(super) struct AimFlags {
    /// Replicas of each demand, or groups of pools, that may fail at the peak without missing it
    #[arg(long, value_name = "K", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(super) spare: u32,
    /// What is to be least
    #[arg(long, value_enum, default_value_t = ObjectiveName::Cheapest)]
    objective: ObjectiveName,
    /// Most chips
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_gpus: Option<u64>,
    /// Most dollars an hour
    #[arg(long, value_name = "USD", value_parser = positive)]
    max_usd_per_hour: Option<f64>,
    /// Most facility power, in kilowatts
    #[arg(long, value_name = "KW", value_parser = positive)]
    max_facility_kw: Option<f64>,
}

/// [`Objective`] on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ObjectiveName {
    /// Dollars an hour.
    Cheapest,
    /// Chips.
    Smallest,
    /// Facility power.
    LeastPower,
}

impl From<ObjectiveName> for Objective {
    fn from(name: ObjectiveName) -> Self {
        match name {
            ObjectiveName::Cheapest => Self::Cheapest,
            ObjectiveName::Smallest => Self::Smallest,
            ObjectiveName::LeastPower => Self::LeastPower,
        }
    }
}

impl AimFlags {
    /// What is to be least.
    pub(super) fn objective(&self) -> Objective {
        self.objective.into()
    }

    /// Its name.
    pub(super) const fn name(&self) -> &'static str {
        match self.objective {
            ObjectiveName::Cheapest => "cheapest",
            ObjectiveName::Smallest => "smallest",
            ObjectiveName::LeastPower => "least-power",
        }
    }

    /// What a fleet for `tasks_per_hour` at the peak has to keep, of chips of which so many are
    /// `available`.
    pub(super) fn ask(&self, tasks_per_hour: f64, available: &BTreeMap<String, u64>) -> Ask {
        Ask {
            tasks_per_hour,
            spare: self.spare,
            objective: self.objective(),
            budget: Budget {
                gpus: self.max_gpus,
                hourly: self.max_usd_per_hour.map(UsdPerHour::new),
                facility: self.max_facility_kw.map(|kilowatts| Watts::new(kilowatts * 1e3)),
                available: available.clone(),
            },
        }
    }
}
