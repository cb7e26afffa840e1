//! The rows of a ladder: climbed again in other worlds, and with a little more or less of each
//! resource.

use rayon::prelude::*;

use super::beside::{Bare, Beside, Drawn};
use super::worlds::{PAIRS, Seen, bands, in_worlds, worlds};
use crate::cli::Shell;
use crate::cli::simulate::wall::Rung;
use crate::cluster::{Best, Order, Stride, Terms, best_nearby};
use crate::fidelity::World;
use crate::insight::{Lever, TILT, slopes};
use crate::report::{ContextCurve, Roofline, WallRow, fill_elasticity, fill_row};

/// What stands beside the rows that ran, one a chip; both empty if nothing does.
pub(in crate::cli::simulate) type Sides<'a> = (&'a mut [ContextCurve], &'a mut [Roofline]);

/// Output per GPU in each world over that in the world as assumed, by rung; `None` for chips that
/// did not run, or not in every world.
pub(in crate::cli::simulate) type Explained = Vec<Option<Vec<f64>>>;

/// What is looked at in a world.
struct Outcome {
    seen: Seen,
    beside: Option<Beside>,
    output: f64,
}

/// Gives the rows of `rungs` their bands and elasticities, and what stands beside them its bands.
/// Chips and their worlds run in parallel; equal seeds give equal figures.
pub(in crate::cli::simulate) fn explain_rows(
    rows: &mut [WallRow],
    (curves, roofs): Sides,
    (rungs, terms): (&[Rung], &Terms),
    shell: &Shell,
) -> Explained {
    let found = |(order, found): &Rung| found.is_ok().then(|| 2 * Lever::of(order).len() as u64);
    let runs = rungs.iter().filter_map(found).map(|pulls| pulls + u64::from(2 * PAIRS + 2)).sum();
    let progress = shell.progress("asking how sure, and what would help", runs);
    let mut sides = curves.iter_mut().zip(roofs);
    let again = |order: &Order, near: u32, stride: Stride| {
        let found = best_nearby(order, near, stride, terms).ok();
        progress.advance(1);
        found
    };
    let ran = rungs.iter().map(|rung| Some((Ran::of(rung, terms.seed)?, sides.next())));
    let ran: Vec<_> = ran.collect();
    let explained = rows.par_iter_mut().zip(ran).map(|(row, ran)| {
        let (ran, side) = ran?;
        explain(row, side, &ran, again)
    });
    explained.collect()
}

/// A rung that has a result, and the worlds in which it runs again.
struct Ran<'a> {
    order: Order<'a>,
    concurrency: Option<u32>,
    worlds: Vec<World>,
}

impl<'a> Ran<'a> {
    fn of((order, found): &Rung<'a>, seed: u64) -> Option<Self> {
        let Best { deployment, concurrency, .. } = found.as_ref().ok()?;
        let order = Order { plan: deployment.plan, ..*order };
        let worlds = worlds(&order, &deployment.program, seed);
        Some(Self { order, concurrency: *concurrency, worlds })
    }
}

/// Gives one row, and what stands beside it, what running it `again` tells.
fn explain(
    row: &mut WallRow,
    side: Option<(&mut ContextCurve, &mut Roofline)>,
    Ran { order, concurrency, worlds }: &Ran,
    again: impl Fn(&Order, u32, Stride) -> Option<Best> + Sync + Send,
) -> Option<Vec<f64>> {
    // The trials are shorter than what the row reports: their spread is laid about it, and the load
    // that they find best is where they go on.
    let batch = side.as_ref().map(|(curve, _)| curve.batch);
    let as_is = again(order, concurrency.unwrap_or(1), Stride::CLOSE)?;
    let near = as_is.concurrency.unwrap_or(1);
    // Worlds lie far apart, a lever's two ends do not.
    let in_world = |order: &Order| Some(outcome(order, &again(order, near, Stride::ROUGH)?, batch));
    let closely = |order: &Order| again(order, near, Stride::CLOSE);
    let centre = in_world(order)?;
    let (outcomes, ends) =
        rayon::join(|| in_worlds(worlds, order, in_world), || pulled(order, closely));
    let own = Seen { figures: row.figures().to_vec(), shares: row.shares() };
    let all = |of: fn(&Outcome) -> &Seen| outcomes.iter().map(|o| o.as_ref().map(of)).collect();
    let seen: Vec<Option<&Seen>> = all(|outcome| &outcome.seen);
    (row.bands, row.band_causes) = bands(&own, &centre.seen, worlds, &seen);
    row.band = row.bands.get(row.figures()[0].0).copied().unwrap_or_default();
    if let Some(((curve, roof), middle)) = side.zip(centre.beside.as_ref()) {
        let outcomes = outcomes.iter().map(|o| o.as_ref()?.beside.as_ref()).collect();
        let turns = &mut row.turns;
        Drawn { worlds, outcomes, middle }.band(Bare { curve, roof, turns });
    }
    let slopes = slopes(as_is.output_tok_s_per_gpu, &ends, TILT);
    fill_elasticity(row, Lever::of(order).into_iter().zip(slopes));
    let relative = |outcome: &Option<Outcome>| Some(outcome.as_ref()?.output / centre.output);
    outcomes.iter().map(relative).collect()
}

/// Output per GPU with more, and with less, of each lever.
fn pulled(
    order: &Order,
    again: impl Fn(&Order) -> Option<Best> + Sync + Send,
) -> Vec<Option<(f64, f64)>> {
    let with = |lever: Lever, factor: f64| {
        let (chip, stretch) = lever.pull(order.chip, order.stretch, factor);
        Some(again(&Order { chip: &chip, stretch, ..*order })?.output_tok_s_per_gpu)
    };
    let ends = |lever: Lever| with(lever, TILT).zip(with(lever, 1.0 / TILT));
    Lever::of(order).into_par_iter().map(ends).collect()
}

fn outcome(order: &Order, best: &Best, batch: Option<u32>) -> Outcome {
    let row = fill_row(order, best);
    let seen = Seen { figures: row.figures().to_vec(), shares: row.shares() };
    let beside = batch.map(|batch| Beside::of(order, best, batch));
    Outcome { seen, beside, output: best.output_tok_s_per_gpu }
}
