//! How a model is spread over chips, and in which number formats.

use std::fmt;
use std::str::FromStr;

use crate::hardware::Format;

/// A parallel plan. The replica has [`gpus`](Plan::gpus) ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plan {
    /// Tensor parallelism of attention and dense layers.
    pub tp: u32,
    /// Pipeline stages.
    pub pp: u32,
    /// Expert parallelism: routed experts spread over this many ranks (1: experts follow `tp`).
    pub ep: u32,
    /// Attention data parallelism: this many groups of `tp` ranks, each with its own sequences.
    pub dp: u32,
    /// Context parallelism: this many groups of `tp` ranks share the tokens of every sequence.
    pub cp: u32,
    /// Copies of popular experts that each rank of `ep` holds besides its own.
    pub redundant: u32,
}

impl Plan {
    /// Most chips of a replica that can be asked for: twice the largest pod announced.
    pub const MOST_GPUS: u32 = 1 << 15;

    /// Tensor parallelism alone.
    pub const fn tp(tp: u32) -> Self {
        Self { tp, pp: 1, ep: 1, dp: 1, cp: 1, redundant: 0 }
    }

    /// Chips in the replica.
    pub const fn gpus(self) -> u32 {
        self.tp * self.pp * self.dp * self.cp
    }

    /// Whether it asks for more chips, or ranks of experts, than can be asked for.
    pub fn is_too_wide(self) -> bool {
        let Self { tp, pp, ep, dp, cp, redundant } = self;
        let gpus = [tp, pp, dp, cp].into_iter().fold(1, u32::saturating_mul);
        gpus.max(ep).max(redundant) > Self::MOST_GPUS
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tp{}", self.tp)?;
        let degrees = [("pp", self.pp), ("ep", self.ep), ("dp", self.dp), ("cp", self.cp)];
        for (name, degree) in degrees {
            if degree > 1 {
                write!(f, "-{name}{degree}")?;
            }
        }
        if self.redundant > 0 {
            write!(f, "-re{}", self.redundant)?;
        }
        Ok(())
    }
}

impl FromStr for Plan {
    type Err = String;

    /// Reads `tp8`, `tp4-pp2`, `tp8-cp4`, `tp1-ep8-dp8`, `tp1-ep32-dp32-re1`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut degrees = ["tp", "pp", "ep", "dp", "cp", "re"].map(|name| (name, None));
        for part in text.split('-') {
            let split = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (name, degree) = part.split_at(split);
            let degree: u32 = degree.parse().ok().filter(|d| *d > 0).ok_or_else(|| {
                format!(
                    "`{part}` in the plan `{text}` is no degree of at most 32768; write `tp8`, \
                     `tp8-cp4` or `tp1-ep8-dp8`"
                )
            })?;
            let known = degrees.iter_mut().find(|(known, _)| *known == name);
            let (_, slot) = known.ok_or_else(|| {
                format!("unknown `{name}` in the plan `{text}`; know tp, pp, ep, dp, cp, re")
            })?;
            if slot.replace(degree).is_some() {
                return Err(format!("the plan `{text}` has `{name}` twice; keep one"));
            }
        }
        let redundant = degrees[5].1.unwrap_or(0);
        let [tp, pp, ep, dp, cp, _] = degrees.map(|(_, degree)| degree.unwrap_or(1));
        let plan = Self { tp, pp, ep, dp, cp, redundant };
        if plan.is_too_wide() {
            return Err(format!(
                "the plan `{text}` spreads one replica over more than {} chips; lower a degree",
                Self::MOST_GPUS
            ));
        }
        Ok(plan)
    }
}

/// Number formats a model is served in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// As the checkpoint says, per kind of layer.
    Checkpoint,
    /// Every quantisable matrix (not embeddings, norms, routers, LM head) in this format.
    All(Format),
}

/// A precision plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precision {
    /// Weights.
    pub weights: Weights,
    /// KV cache.
    pub kv: Format,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_print_as_they_are_read() {
        for text in ["tp8", "tp4-pp2", "tp8-cp4", "tp1-ep8-dp8", "tp1-ep32-dp32-re1"] {
            assert_eq!(text.parse::<Plan>().unwrap().to_string(), text);
        }
        for text in ["", "tp", "tp0", "8", "xp4", "tp4-", "tp8-tp4", "tp4294967295", "tp512-dp512"]
        {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
    }
}
