//! The techniques whose gains are asked for.

use std::fmt;
use std::str::FromStr;

/// Something that is done, or not, to serve more with a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Technique {
    /// Prompts find the prefixes that earlier calls left in the KV cache.
    PrefixCache,
    /// KV in the narrow format of the chip instead of BF16.
    KvPrecision,
    /// Weights in the narrow format of the chip, or of the checkpoint, instead of BF16.
    WeightPrecision,
    /// Long prompts are prefilled in chunks, together with decodes.
    Chunking,
    /// More sequences and more tokens in a step.
    BiggerBatches,
    /// Several tokens drafted and verified in a step.
    Speculation,
    /// Prefill and decode on replicas of their own.
    Disaggregation,
    /// KV that HBM has no room for goes to stores below it, and comes back.
    KvOffload,
    /// Attention by data parallelism and experts over all ranks, instead of tensor parallelism.
    WideEp,
    /// A sparse model in place of a dense one of equal quality.
    MoeSparsity,
    /// On-chip SRAM that holds weights: a what-if.
    Sram,
    /// Decode attention computed where the KV is, at the bandwidth inside the banks: a what-if.
    Pim,
    /// A larger model in place of the one that was named.
    LargerModel,
}

impl Technique {
    /// Every technique, in the order of reports.
    pub const ALL: [Self; 13] = [
        Self::PrefixCache,
        Self::KvPrecision,
        Self::WeightPrecision,
        Self::Chunking,
        Self::BiggerBatches,
        Self::Speculation,
        Self::Disaggregation,
        Self::KvOffload,
        Self::WideEp,
        Self::MoeSparsity,
        Self::Sram,
        Self::Pim,
        Self::LargerModel,
    ];

    /// The key in files, JSON and flags.
    pub const fn key(self) -> &'static str {
        match self {
            Self::PrefixCache => "prefix-cache",
            Self::KvPrecision => "kv-precision",
            Self::WeightPrecision => "weight-precision",
            Self::Chunking => "chunking",
            Self::BiggerBatches => "bigger-batches",
            Self::Speculation => "speculation",
            Self::Disaggregation => "disaggregation",
            Self::KvOffload => "kv-offload",
            Self::WideEp => "wide-ep",
            Self::MoeSparsity => "moe-sparsity",
            Self::Sram => "sram",
            Self::Pim => "pim",
            Self::LargerModel => "larger-model",
        }
    }

    /// Whether it is studied if nothing is said: the serving techniques are; another model, or
    /// hardware that nobody sells, is not.
    pub const fn is_of_serving(self) -> bool {
        !matches!(self, Self::MoeSparsity | Self::Sram | Self::Pim | Self::LargerModel)
    }

    /// Whether it is on where it is not studied: what every engine does, is.
    pub const fn is_usual(self) -> bool {
        matches!(
            self,
            Self::PrefixCache | Self::KvPrecision | Self::WeightPrecision | Self::Chunking
        )
    }
}

impl fmt::Display for Technique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for Technique {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|technique| technique.key() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::key).join(", ");
            format!("unknown technique; know {known}")
        })
    }
}

/// The techniques of a study, in their order, and which of them are on.
#[derive(Clone, Copy, Debug)]
pub struct Switches<'a> {
    /// Those that are studied.
    pub studied: &'a [Technique],
    /// Which of them are on, as a mask: the first is the lowest bit.
    pub on: usize,
}

impl Switches<'_> {
    /// Whether `technique` is studied.
    pub fn studies(&self, technique: Technique) -> bool {
        self.studied.contains(&technique)
    }

    /// Whether `technique` is on, studied or not.
    pub fn has(&self, technique: Technique) -> bool {
        let place = self.studied.iter().position(|&studied| studied == technique);
        place.map_or(technique.is_usual(), |place| self.on & 1 << place != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for technique in Technique::ALL {
            assert_eq!(technique.key().parse(), Ok(technique));
        }
        assert!("prefix".parse::<Technique>().is_err());
    }

    #[test]
    fn what_is_not_studied_is_as_usual() {
        let studied = [Technique::Chunking, Technique::Pim];
        let switches = Switches { studied: &studied, on: 0b10 };
        assert!(!switches.has(Technique::Chunking) && switches.has(Technique::Pim));
        assert!(switches.has(Technique::PrefixCache) && !switches.has(Technique::WideEp));
    }
}
