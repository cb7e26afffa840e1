//! `--explain`: everything run again in worlds where things are other than assumed, and with a
//! little more or less of each resource.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::wall::Rung;
use crate::cli::Shell;
use crate::cluster::{Best, Order, Terms, best_nearby};
use crate::cost::{Calibration, StepProgram};
use crate::fidelity::{Doubt, Remainders, World, spread};
use crate::insight::{Lever, TILT, slopes};
use crate::report::{Band, RunDocument, WallRow, fill_elasticity, fill_row};

/// The probability that a band holds the figure.
const LEVEL: f64 = 0.8;

/// Pairs of worlds for each chip. The ends of an 80 % band of 40 draws are good to a fifth of its
/// half width.
const PAIRS: u32 = 20;

/// Figures by key.
type Figures = Vec<(&'static str, Option<f64>)>;

/// A band for each figure that has one, and each cause's part of the leading figure's variance.
type Bands = (BTreeMap<&'static str, Band>, BTreeMap<String, f64>);

/// Gives the rows of `rungs` their bands and elasticities. Worlds run in parallel; equal seeds give
/// equal figures.
pub(super) fn explain_rows(rows: &mut [WallRow], rungs: &[Rung], terms: &Terms, shell: &Shell) {
    let found = |(order, found): &Rung| found.is_ok().then(|| 2 * Lever::of(order).len() as u64);
    let runs = rungs.iter().filter_map(found).map(|pulls| pulls + u64::from(2 * PAIRS + 1)).sum();
    let progress = shell.progress("asking how sure, and what would help", runs);
    for (row, (order, found)) in rows.iter_mut().zip(rungs) {
        let Ok(best) = found else { continue };
        let order = Order { plan: best.deployment.plan, ..*order };
        let near = best.concurrency.unwrap_or(1);
        let again = |order: &Order| {
            let found = best_nearby(order, near, terms).ok();
            progress.advance(1);
            found
        };
        let Some(middle) = again(&order) else { continue };
        let figures = |order: &Order| again(order).map(|found| figures_of(order, &found));
        let worlds = worlds(&order, &best.deployment.program, terms.seed);
        let (outcomes, ends) =
            rayon::join(|| in_worlds(&worlds, &order, figures), || pulled(&order, again));
        // The trials are shorter than what the row reports: their spread is laid about it.
        let centre = figures_of(&order, &middle);
        (row.bands, row.band_causes) = bands(&row.figures(), &centre, &worlds, &outcomes);
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

fn figures_of(order: &Order, best: &Best) -> Figures {
    fill_row(order, best).figures().to_vec()
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
        document.map(|document| document.figures().to_vec())
    });
    let own = document.figures();
    (document.bands, document.band_causes) = bands(&own, &own, &worlds, &outcomes);
}

fn worlds(order: &Order, program: &StepProgram, seed: u64) -> Vec<World> {
    Doubt::about(order.chip, program, Calibration::embedded()).draws(PAIRS, seed)
}

fn in_worlds(
    worlds: &[World],
    order: &Order,
    run: impl Fn(&Order) -> Option<Figures> + Sync + Send,
) -> Vec<Option<Figures>> {
    let in_world = |world: &World| {
        let chip = world.chip(order.chip);
        run(&Order { chip: &chip, stretch: world.stretch(), ..*order })
    };
    worlds.par_iter().map(in_world).collect()
}

/// The spread of `outcomes` about `middle`, which ran as they did, laid about `own` with what no
/// cause explains. The first figure leads.
fn bands(
    own: &[(&'static str, Option<f64>)],
    middle: &[(&'static str, Option<f64>)],
    worlds: &[World],
    outcomes: &[Option<Figures>],
) -> Bands {
    let (mut bands, mut causes) = Bands::default();
    for (i, &(key, own)) in own.iter().enumerate() {
        let drawn: Vec<_> =
            outcomes.iter().map(|figures| figures.as_ref().and_then(|all| all[i].1)).collect();
        let spread = middle[i].1.and_then(|middle| spread(worlds, &drawn, middle, LEVEL));
        let Some((spread, own)) = spread.zip(own) else { continue };
        let spread = spread.with_remainder(Remainders::embedded().deviation(remainder_of(key)));
        let band = Band { low: Some(own * spread.low), high: Some(own * spread.high) };
        bands.insert(key, band);
        if i == 0 {
            let parts = spread.causes.into_iter();
            causes = parts.map(|(cause, part)| (cause.key(), part)).collect();
        }
    }
    (bands, causes)
}

/// Which remainder a figure has.
fn remainder_of(key: &str) -> &'static str {
    if key.contains("ttft") {
        "ttft"
    } else if key.contains("tpot") || key.contains("user") {
        "tpot"
    } else {
        "throughput"
    }
}
