//! `--explain`: the ladder climbed again in worlds where things are other than assumed.

use rayon::prelude::*;

use super::wall::Rung;
use crate::cli::Shell;
use crate::cluster::{Order, Terms, best_nearby};
use crate::cost::Calibration;
use crate::fidelity::{Doubt, Remainders, World, spread};
use crate::report::{Band, WallRow, fill_row};

/// The probability that a band holds the figure.
const LEVEL: f64 = 0.8;

/// Pairs of worlds for each chip. The ends of an 80 % band of 40 draws are good to a fifth of its
/// half width.
const PAIRS: u32 = 20;

/// Gives the rows of `rungs` their bands. Worlds run in parallel; equal seeds give equal bands.
pub(super) fn band_rows(rows: &mut [WallRow], rungs: &[Rung], terms: &Terms, shell: &Shell) {
    let ran = rungs.iter().filter(|(_, found)| found.is_ok()).count() as u64;
    let progress = shell.progress("asking how sure", ran * u64::from(2 * PAIRS + 1));
    for (row, (order, found)) in rows.iter_mut().zip(rungs) {
        let Ok(best) = found else { continue };
        let order = Order { plan: best.deployment.plan, ..*order };
        let near = best.concurrency.unwrap_or(1);
        let program = &best.deployment.program;
        let doubt = Doubt::about(order.chip, program, Calibration::embedded());
        let worlds = doubt.draws(PAIRS, terms.seed);
        let again = |order: &Order| {
            let found = best_nearby(order, near, terms).ok();
            progress.advance(1);
            found.map(|found| fill_row(order, &found))
        };
        let (middle, outcomes) = rayon::join(
            || again(&order),
            || worlds.par_iter().map(|world| in_world(world, &order, again)).collect::<Vec<_>>(),
        );
        if let Some(middle) = middle {
            band_row(row, &middle, &worlds, &outcomes);
        }
    }
}

fn in_world(
    world: &World,
    order: &Order,
    run: impl Fn(&Order) -> Option<WallRow>,
) -> Option<WallRow> {
    let chip = world.chip(order.chip);
    run(&Order { chip: &chip, stretch: world.stretch(), ..*order })
}

/// The spread about `middle`, which ran as the worlds did, laid about the row's own figures, with
/// what no cause explains.
fn band_row(row: &mut WallRow, middle: &WallRow, worlds: &[World], outcomes: &[Option<WallRow>]) {
    let figures: Vec<_> = outcomes.iter().map(|row| row.as_ref().map(WallRow::figures)).collect();
    for (i, (key, predicted)) in middle.figures().into_iter().enumerate() {
        let drawn: Vec<_> = figures.iter().map(|row| row.and_then(|row| row[i].1)).collect();
        let own = row.figures()[i].1;
        let remainder = Remainders::embedded().deviation(remainder_of(key));
        let Some((spread, own)) =
            predicted.and_then(|predicted| spread(worlds, &drawn, predicted, LEVEL)).zip(own)
        else {
            continue;
        };
        let spread = spread.with_remainder(remainder);
        let band = Band { low: Some(own * spread.low), high: Some(own * spread.high) };
        row.bands.insert(key, band);
        if key == "output_tok_s_per_gpu" {
            row.band = band;
            row.band_causes =
                spread.causes.into_iter().map(|(cause, part)| (cause.key(), part)).collect();
        }
    }
}

/// Which remainder a figure of a row has.
fn remainder_of(key: &str) -> &'static str {
    match key {
        "ttft_ms_p50" | "ttft_ms_p99" => "ttft",
        "tpot_ms_p50" | "tpot_ms_p99" | "tok_s_per_user_p50" => "tpot",
        _ => "throughput",
    }
}
