//! How long trials of a kind of work are.

use super::flags::{LONGEST_PAUSE, Work};
use crate::cluster::TrialLength;
use crate::units::SimSpan;

/// Trials that find a load.
const BRACKET: TrialLength = TrialLength {
    warmup: SimSpan::from_ms(120_000),
    horizon: SimSpan::from_ms(7_200_000),
    requests: 800,
};

/// Trials that confirm it: the warm-up is as long as the longest pause.
const CONFIRM: TrialLength =
    TrialLength { warmup: LONGEST_PAUSE, horizon: SimSpan::from_ms(21_600_000), requests: 5000 };

/// All of a trace counts; there is no more of it to warm up with.
const RECORDED: TrialLength = TrialLength {
    warmup: SimSpan::ZERO,
    horizon: SimSpan::from_ms(30 * 86_400_000),
    requests: u64::MAX,
};

impl Work {
    /// The trials that find a load, and those that confirm it.
    pub(in crate::cli::simulate) fn trials(&self) -> (TrialLength, TrialLength) {
        match self {
            Self::Generated(_) => (BRACKET, CONFIRM),
            Self::Recorded { .. } | Self::Streamed { .. } => (RECORDED, RECORDED),
        }
    }
}
