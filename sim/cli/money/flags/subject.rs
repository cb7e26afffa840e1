//! What is compared, and how it is paid for.

use clap::Args;

use super::{BasisFlags, PageFlags};
use crate::cli::simulate::{CommonFlags, LevelFlags, TierFlags};

/// Chips to choose from if nothing else is said: the generations that one can rent.
const CHIPS: [&str; 3] = ["h100-sxm", "b200-sxm", "gb300"];

/// Chips, the work on them, the level of service, prices, the page.
#[derive(Args, Debug)]
pub(in crate::cli) struct SubjectFlags {
    /// Chips to choose from [default: h100-sxm, b200-sxm, gb300]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    chips: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) level: LevelFlags,
    #[command(flatten)]
    pub(in crate::cli) common: CommonFlags,
    #[command(flatten)]
    pub(in crate::cli) tiers: TierFlags,
    #[command(flatten)]
    pub(in crate::cli) money: BasisFlags,
    #[command(flatten)]
    pub(in crate::cli) page: PageFlags,
}

impl SubjectFlags {
    /// The chips that were named, or those to choose from if none were.
    pub(in crate::cli) fn chips(&self) -> Vec<String> {
        let chips = &self.chips;
        if chips.is_empty() { CHIPS.map(str::to_owned).to_vec() } else { chips.clone() }
    }

    /// The workload, by name.
    pub(in crate::cli) fn workload(&self) -> String {
        self.common.work.workload.clone().unwrap_or_else(|| "agentic-coding".into())
    }
}
