//! `--explain`: everything run again in worlds where things are other than assumed, and with a
//! little more or less of each resource.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::wall::Rung;
use crate::cli::Shell;
use crate::cluster::{Best, Order, Terms, best_nearby};
use crate::cost::{Calibration, StepProgram};
use crate::fidelity::{Doubt, Remainders, World, shift, spread};
use crate::insight::{Lever, TILT, slopes};
use crate::report::{
    Band, ContextCurve, MOST_CONTEXTS, RunDocument, WallRow, context_curve, fill_elasticity,
    fill_row,
};

/// The probability that a band holds the figure.
const LEVEL: f64 = 0.8;

/// Pairs of worlds for each chip. The ends of an 80 % band of 40 draws are good to a fifth of its
/// half width.
const PAIRS: u32 = 20;

/// Figures by key.
type Figures = Vec<(&'static str, Option<f64>)>;

/// What is looked at in a world.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// What has a ratio to what it was predicted.
    figures: Figures,
    /// What has a difference from it.
    shares: Figures,
    /// Speed per user at the contexts of the curve.
    speeds: Vec<Option<f64>>,
}

/// A band for each figure that has one, and each cause's part of the leading figure's variance.
type Bands = (BTreeMap<&'static str, Band>, BTreeMap<String, f64>);

/// Gives the rows of `rungs` their bands and elasticities. Worlds run in parallel; equal seeds give
/// equal figures. Of `curves`, one a chip that ran, every point gets its band.
pub(super) fn explain_rows(
    rows: &mut [WallRow],
    curves: &mut [ContextCurve],
    (rungs, terms): (&[Rung], &Terms),
    shell: &Shell,
) {
    let found = |(order, found): &Rung| found.is_ok().then(|| 2 * Lever::of(order).len() as u64);
    let runs = rungs.iter().filter_map(found).map(|pulls| pulls + u64::from(2 * PAIRS + 1)).sum();
    let progress = shell.progress("asking how sure, and what would help", runs);
    let mut curves = curves.iter_mut();
    for (row, (order, found)) in rows.iter_mut().zip(rungs) {
        let Ok(best) = found else { continue };
        let curve = curves.next();
        let order = Order { plan: best.deployment.plan, ..*order };
        let near = best.concurrency.unwrap_or(1);
        let again = |order: &Order| {
            let found = best_nearby(order, near, terms).ok();
            progress.advance(1);
            found
        };
        let Some(middle) = again(&order) else { continue };
        let batch = curve.as_ref().map(|curve| curve.batch);
        let seen_in = |order: &Order| again(order).map(|found| seen(order, &found, batch));
        let worlds = worlds(&order, &best.deployment.program, terms.seed);
        let (outcomes, ends) =
            rayon::join(|| in_worlds(&worlds, &order, seen_in), || pulled(&order, again));
        // The trials are shorter than what the row reports: their spread is laid about it.
        let centre = seen(&order, &middle, batch);
        let own = Seen {
            figures: row.figures().to_vec(),
            shares: row.shares(),
            speeds: speeds(curve.as_deref()),
        };
        (row.bands, row.band_causes) = bands(&own, &centre, &worlds, &outcomes);
        let drawn = |place: usize| outcomes.iter().map(move |seen| seen.as_ref()?.speeds[place]);
        for (place, point) in curve.into_iter().flat_map(|curve| &mut curve.points).enumerate() {
            let (drawn, own) = (drawn(place).collect::<Vec<_>>(), point.tok_s_per_user);
            let band = ratio_band(Some(own), (centre.speeds[place], &drawn), &worlds, Some("tpot"));
            point.band = band.map_or_else(Band::default, |(band, _)| band);
        }
        row.band = row.bands.get(row.figures()[0].0).copied().unwrap_or_default();
        let slopes = slopes(middle.output_tok_s_per_gpu, &ends, TILT);
        fill_elasticity(row, Lever::of(&order).into_iter().zip(slopes));
    }
}

/// Output per GPU with more, and with less, of each lever.
fn pulled(
    order: &Order,
    again: impl Fn(&Order) -> Option<Best> + Sync + Send,
) -> Vec<Option<(f64, f64)>> {
    let output = |lever: Lever, factor: f64| {
        let (chip, stretch) = lever.pull(order.chip, order.stretch, factor);
        again(&Order { chip: &chip, stretch, ..*order }).map(|best| best.output_tok_s_per_gpu)
    };
    let ends = |lever: Lever| output(lever, TILT).zip(output(lever, 1.0 / TILT));
    Lever::of(order).into_par_iter().map(ends).collect()
}

fn seen(order: &Order, best: &Best, batch: Option<u32>) -> Seen {
    let row = fill_row(order, best);
    let curve = batch.map(|batch| context_curve(order, best, batch));
    let (figures, shares) = (row.figures().to_vec(), row.shares());
    Seen { figures, shares, speeds: speeds(curve.as_ref()) }
}

/// Speeds of a curve, and nothing beyond its end: fewer contexts fit in some worlds.
fn speeds(curve: Option<&ContextCurve>) -> Vec<Option<f64>> {
    let Some(curve) = curve else { return Vec::new() };
    let known = curve.points.iter().map(|point| Some(point.tok_s_per_user));
    known.chain(std::iter::repeat(None)).take(MOST_CONTEXTS).collect()
}

/// Gives a run its bands: `again` runs the same work for another order.
pub(super) fn band_run(
    document: &mut RunDocument,
    order: &Order,
    program: &StepProgram,
    shell: &Shell,
    again: impl Fn(&Order) -> Option<RunDocument> + Sync + Send,
) {
    let worlds = worlds(order, program, document.seed);
    let progress = shell.progress("asking how sure", worlds.len() as u64);
    let outcomes = in_worlds(&worlds, order, |order: &Order| {
        let document = again(order);
        progress.advance(1);
        document.map(|document| seen_of(&document))
    });
    let own = seen_of(document);
    (document.bands, document.band_causes) = bands(&own, &own, &worlds, &outcomes);
}

fn seen_of(document: &RunDocument) -> Seen {
    let (figures, shares) = (document.figures().to_vec(), document.shares());
    Seen { figures, shares, speeds: Vec::new() }
}

fn worlds(order: &Order, program: &StepProgram, seed: u64) -> Vec<World> {
    Doubt::about(order.chip, program, Calibration::embedded()).draws(PAIRS, seed)
}

fn in_worlds(
    worlds: &[World],
    order: &Order,
    run: impl Fn(&Order) -> Option<Seen> + Sync + Send,
) -> Vec<Option<Seen>> {
    let in_world = |world: &World| {
        let chip = world.chip(order.chip);
        run(&Order { chip: &chip, stretch: world.stretch(), ..*order })
    };
    worlds.par_iter().map(in_world).collect()
}

/// The spread of `outcomes` about `middle`, which ran as they did, laid about `own` with what no
/// cause explains. The first figure leads.
fn bands(own: &Seen, middle: &Seen, worlds: &[World], outcomes: &[Option<Seen>]) -> Bands {
    let (mut bands, mut causes) = Bands::default();
    let drawn = |of: &dyn Fn(&Seen) -> Option<f64>| -> Vec<Option<f64>> {
        outcomes.iter().map(|seen| seen.as_ref().and_then(of)).collect()
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
fn ratio_band(
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
fn remainder_of(key: &str) -> Option<&'static str> {
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
