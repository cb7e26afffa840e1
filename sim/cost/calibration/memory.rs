//! What a chip's own memory changes about constants that were measured on another.
//!
//! A kernel's `em` already holds what its chip's memory reached. So a measured chip takes it alone;
//! another chip takes it times the ratio of the two memories' streams in the channel model; and
//! what has no kernel data takes the channel model times the on-die factor. Never two of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::embedded::Embedded;
use crate::hardware::{Access, Catalog, Chip, Hbm};

/// The chips behind constants that were pooled over a generation.
const POOLED: [(&str, &[&str]); 2] = [
    ("hopper", &["h100-sxm", "h200-sxm"]),
    ("blackwell", &["b200-sxm", "gb200", "b300-sxm", "gb300"]),
];

/// What the channel model says of the shipped chips' memories, by name: a simulation of one takes
/// longer than that of a thousand requests.
static KNOWN: Embedded<BTreeMap<String, Known>> = Embedded::new(
    "streams",
    include_str!("../../../hw-specs/calibration/streams.toml"),
    toml::from_str,
);

/// Shares of the peak.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    stream: f64,
    triad: f64,
}

/// A chip's memory in the channel model.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    name: String,
    /// None if the memory is not stacked, or of a kind without known times.
    memory: Option<Hbm>,
}

impl Streams {
    /// Those of `chip`.
    pub(crate) fn of(chip: &Chip) -> Self {
        Self { name: chip.name.clone(), memory: Hbm::of(&chip.memory) }
    }

    /// What to multiply a memory efficiency by that was measured on `donor`, or, without one, on
    /// the shipped chip of this name: own stream over theirs. Exactly 1 for equal memories.
    pub(crate) fn ratio(&self, donor: Option<&str>) -> f64 {
        let place = donor.unwrap_or(&self.name);
        let pooled = POOLED.iter().find(|(pool, _)| *pool == place).map(|(_, chips)| *chips);
        let alone = [place];
        let chips = pooled.unwrap_or(&alone);
        let theirs: Option<Vec<Hbm>> = chips.iter().map(|&chip| shipped(chip)).collect();
        match (&self.memory, theirs.as_deref()) {
            // Not worth a simulation.
            (Some(own), Some([one])) if own.streams_like(one) => 1.0,
            (Some(own), Some(theirs)) => {
                let theirs = chips.iter().zip(theirs);
                let sum: f64 = theirs.map(|(name, memory)| stream(name, memory)).sum();
                stream(&self.name, own) / (sum / chips.len() as f64)
            }
            _ => 1.0,
        }
    }

    /// The share of the peak that activations on their way reach, nothing measured: the channel
    /// model's triad times the on-die factor.
    pub(crate) fn unmeasured(&self) -> Option<f64> {
        let memory = self.memory.as_ref()?;
        let share = known(&self.name, memory).map_or_else(|| triad(memory), |known| known.triad);
        Some(share * memory.on_die().factor)
    }
}

/// The share of the peak that a stream gets of the memory of a chip called `name`.
fn stream(name: &str, memory: &Hbm) -> f64 {
    known(name, memory).map_or_else(|| memory.stream(), |known| known.stream)
}

fn triad(memory: &Hbm) -> f64 {
    memory.achieved(Access { refresh: memory.refresh(), ..Access::TRIAD }).fraction
}

/// What is known of the shipped chip of this name, if its memory is `memory` and no what-if's.
fn known(name: &str, memory: &Hbm) -> Option<Known> {
    let known = KNOWN.get(name).copied()?;
    shipped(name)?.streams_like(memory).then_some(known)
}

/// The memory of a chip that memwall ships: what was measured, was measured on them.
fn shipped(chip: &str) -> Option<Hbm> {
    Hbm::of(&Catalog::embedded_chip(chip)?.memory)
}

/// A row of constants that may hold a memory efficiency.
pub(crate) trait Streaming: DeserializeOwned {
    /// The row with its memory efficiency, at most 1, times `ratio`.
    fn streaming(self, ratio: impl FnOnce() -> f64) -> Self;
}

macro_rules! streaming {
    ($($row:ident),*) => {$(
        impl Streaming for super::rows::$row {
            fn streaming(self, ratio: impl FnOnce() -> f64) -> Self {
                Self { em: (self.em.min(1.0) * ratio()).min(1.0), ..self }
            }
        }
    )*};
}
streaming!(GemmRow, PrefillRow, DecodeRow, MlaDecodeRow, MoeRow, LinearRow, IndexerRow);

macro_rules! no_memory {
    ($($row:ident),*) => {$(
        impl Streaming for super::rows::$row {
            fn streaming(self, _: impl FnOnce() -> f64) -> Self {
                self
            }
        }
    )*};
}
no_memory!(NcclRow, AllReduceRow, AllToAllRow, SkewRow);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_what_the_channel_model_says() {
        let catalog = Catalog::embedded();
        let stacked = |chip: &Chip| {
            let memory = Hbm::of(&chip.memory)?;
            let known = Known { stream: memory.stream(), triad: triad(&memory) };
            Some((chip.name.clone(), known))
        };
        let computed: BTreeMap<_, _> = catalog.chips().filter_map(stacked).collect();
        let line = |(name, Known { stream, triad }): (&String, &Known)| {
            format!("{name} = {{ stream = {stream:?}, triad = {triad:?} }}\n")
        };
        let file: String = computed.iter().map(line).collect();
        assert!(*KNOWN == computed, "the model has changed; streams.toml is now to say:\n{file}");
    }
}
