//! The worlds that things are run again in, and what they come to.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::cluster::Order;
use crate::cost::{Calibration, StepProgram};
use crate::fidelity::{Doubt, Remainders, World, shift, spread};
use crate::report::Band;

/// The probability that a band holds the figure.
pub(in crate::cli) const LEVEL: f64 = 0.8;

/// Pairs of worlds for each chip. The ends of an 80 % band of 40 draws are good to a fifth of its
/// half width.
pub(in crate::cli) const PAIRS: u32 = 20;

/// Figures by key.
pub(super) type Figures = Vec<(&'static str, Option<f64>)>;

/// What is looked at in a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What has a ratio to what it was predicted.
    pub(super) figures: Figures,
    /// What has a difference from it.
    pub(super) shares: Figures,
}

/// A band for each figure that has one, and each cause's part of the leading figure's variance.
pub(super) type Bands = (BTreeMap<&'static str, Band>, BTreeMap<String, f64>);

/// What is uncertain of `program` on the chip of `order`, drawn.
pub(super) fn worlds(order: &Order, program: &StepProgram, seed: u64) -> Vec<World> {
    Doubt::about(order.chip, program, Calibration::embedded()).draws(PAIRS, seed)
}

/// What `run` tells of `order` in each of `worlds`, in parallel.
pub(super) fn in_worlds<T: Send>(
    worlds: &[World],
    order: &Order,
    run: impl Fn(&Order) -> Option<T> + Sync + Send,
) -> Vec<Option<T>> {
    let in_world = |world: &World| {
        let chip = world.chip(order.chip);
        run(&Order { chip: &chip, stretch: world.stretched(order.stretch), ..*order })
    };
    worlds.par_iter().map(in_world).collect()
}

/// The spread of `outcomes` about `middle`, which ran as they did, laid about `own` with what no
/// cause explains. The first figure leads.
pub(super) fn bands(
    own: &Seen,
    middle: &Seen,
    worlds: &[World],
    outcomes: &[Option<&Seen>],
) -> Bands {
    let (mut bands, mut causes) = Bands::default();
    let drawn = |of: &dyn Fn(&Seen) -> Option<f64>| -> Vec<Option<f64>> {
        outcomes.iter().map(|seen| seen.and_then(of)).collect()
    };
    for (i, &(key, own)) in own.figures.iter().enumerate() {
        let drawn = drawn(&|seen| seen.figures[i].1);
        let middle = (middle.figures[i].1, drawn.as_slice());
        let Some((band, parts)) = ratio_band(own, middle, worlds, remainder_of(key)) else {
            continue;
        };
        bands.insert(key, band);
        if i == 0 {
            causes = parts;
        }
    }
    for (i, &(key, own)) in own.shares.iter().enumerate() {
        let drawn = drawn(&|seen| seen.shares[i].1);
        let shifted = middle.shares[i].1.and_then(|middle| shift(&drawn, middle, LEVEL));
        let Some((own, (low, high))) = own.zip(shifted) else { continue };
        let end = |off: f64| Some((own + off).clamp(0.0, 1.0));
        bands.insert(key, Band { low: end(low), high: end(high) });
    }
    (bands, causes)
}

/// The band of a figure that is `own`, and was `middle` and `drawn` in short runs.
pub(in crate::cli) fn ratio_band(
    own: Option<f64>,
    (middle, drawn): (Option<f64>, &[Option<f64>]),
    worlds: &[World],
    remainder: Option<&str>,
) -> Option<(Band, BTreeMap<String, f64>)> {
    let (own, middle) = own.zip(middle)?;
    let spread = spread(worlds, drawn, middle, LEVEL)?;
    let deviation = remainder.map_or(0.0, |of| Remainders::embedded().deviation(of));
    let spread = spread.with_remainder(deviation);
    let band = Band { low: Some(own * spread.low), high: Some(own * spread.high) };
    let parts = spread.causes.into_iter().map(|(cause, part)| (cause.key(), part)).collect();
    Some((band, parts))
}

/// Which remainder a figure has; operations per byte have none.
pub(super) fn remainder_of(key: &str) -> Option<&'static str> {
    if key.contains("intensity") {
        None
    } else if key.contains("ttft") {
        Some("ttft")
    } else if key.contains("tpot") || key.contains("user") {
        Some("tpot")
    } else {
        Some("throughput")
    }
}
