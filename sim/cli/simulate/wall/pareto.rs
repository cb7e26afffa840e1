//! `--pareto`: many plans, loads and step sizes of each chip, and what is left when none is beaten.

use rayon::prelude::*;

use super::command::Rung;
use crate::cli::Shell;
use crate::cli::simulate::explain::band_frontier;
use crate::cluster::{Order, Terms, at_load};
use crate::model::Plan;
use crate::report::{FrontierPoint, WallRow, frontier_point, unbeaten};
use crate::serving::Limits;

/// A plan gets no more load once it has fallen to this share of its best output.
const PAST_ITS_BEST: f64 = 0.7;

/// What is on the frontier is tried with steps of so many times as many tokens, and as few.
const BUDGET_STEP: u32 = 4;

/// What is wanted of frontiers.
pub(super) struct Frontiers<P> {
    /// The plans to try of an order.
    pub(super) plans: P,
    /// Whether points get bands.
    pub(super) bands: bool,
}

/// Gives the rows of `rungs` that ran their frontiers.
pub(super) fn find_frontiers<P: Fn(&Order) -> Vec<Plan> + Sync>(
    rows: &mut [WallRow],
    rungs: &[Rung],
    how: &Frontiers<P>,
    terms: &Terms,
    shell: &Shell,
) {
    let progress = shell.progress("finding the frontiers", rungs.len() as u64);
    let orders = rows.iter().zip(rungs).map(|(row, rung)| (rung.0, rung.1.is_ok(), own(row, rung)));
    let orders: Vec<_> = orders.collect();
    let found: Vec<_> = (orders.par_iter().with_max_len(1))
        .map(|(order, fits, own)| {
            let plans = if *fits { (how.plans)(order) } else { Vec::new() };
            let ways = plans.par_iter().flat_map_iter(|&plan| under_loads(order, plan, terms));
            let mut ways: Vec<FrontierPoint> = ways.chain(own.clone()).collect();
            let with_budgets = |way: &FrontierPoint| with_budgets(order, way, terms);
            ways.par_extend(unbeaten(&ways).par_iter().flat_map_iter(with_budgets));
            let mut points = unbeaten(&ways);
            if how.bands {
                band_frontier(&mut points, order, terms);
            }
            progress.advance(1);
            points
        })
        .collect();
    for (row, points) in rows.iter_mut().zip(found) {
        row.frontier = points;
    }
}

/// What the ladder found, with the bands that it has there.
fn own(row: &WallRow, (order, found): &Rung) -> Option<FrontierPoint> {
    let point = frontier_point(order, found.as_ref().ok()?)?;
    let band = |(key, _)| Some((key, *row.bands.get(key)?));
    let bands = point.figures().into_iter().filter_map(band).collect();
    Some(FrontierPoint { bands, ..point })
}

/// A way of the frontier with smaller and with larger steps, if it still fits.
fn with_budgets(order: &Order, way: &FrontierPoint, terms: &Terms) -> Vec<FrontierPoint> {
    let Ok(plan) = way.parallel.parse() else { return Vec::new() };
    let usual = order.limits.max_batched_tokens;
    let budgets = [usual / BUDGET_STEP, usual.saturating_mul(BUDGET_STEP)];
    let found = budgets.into_iter().filter(|&budget| budget > 0).filter_map(|budget| {
        let limits = Limits { max_batched_tokens: budget, ..order.limits };
        let order = Order { plan, limits, ..*order };
        frontier_point(&order, &at_load(&order, way.concurrency, terms).ok()?)
    });
    found.collect()
}

/// What `plan` yields under one task in flight, two, four and so on; nothing if it does not fit.
fn under_loads(order: &Order, plan: Plan, terms: &Terms) -> Vec<FrontierPoint> {
    let order = Order { plan, ..*order };
    let most = terms.pool.underway().len() as u32;
    let mut ways = Vec::new();
    let mut highest = 0.0_f64;
    for load in (0..).map(|doublings| 1u32 << doublings).take_while(|&load| load <= most) {
        let Ok(found) = at_load(&order, load, terms) else { break };
        let output = found.output_tok_s_per_gpu;
        ways.extend(frontier_point(&order, &found));
        if output < highest * PAST_ITS_BEST {
            break;
        }
        highest = highest.max(output);
    }
    ways
}
