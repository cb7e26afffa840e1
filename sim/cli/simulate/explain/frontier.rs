//! Bands of a frontier's points, to first order: each is run again with one thing a deviation other
//! than assumed, thing by thing. Forty worlds would take as long as everything else together.

use rayon::prelude::*;

use super::worlds::remainder_of;
use crate::cluster::{Best, Order, Terms, at_load};
use crate::cost::Calibration;
use crate::fidelity::{Doubt, Remainders, World, half_width};
use crate::report::{Band, FrontierPoint, frontier_point};
use crate::serving::Limits;

/// A figure that moves by more (in its logarithm) is at a cliff, where less moves it by another
/// amount than more does.
const CLIFF: f64 = 0.1;

/// Figures of a point.
type Figures = [Option<f64>; 5];

/// Gives the points of a frontier, of the chip of `order`, that have none yet their bands. Each
/// runs with its own plan, load and steps.
pub(in crate::cli::simulate) fn band_frontier(
    points: &mut [FrontierPoint],
    order: &Order,
    terms: &Terms,
) {
    points.par_iter_mut().filter(|point| point.bands.is_empty()).for_each(|point| {
        let Ok(plan) = point.parallel.parse() else { return };
        let limits = Limits { max_batched_tokens: point.max_batched_tokens, ..order.limits };
        let order = Order { plan, limits, ..*order };
        let Ok(as_is) = terms.deploy(&order) else { return };
        let doubt = Doubt::about(order.chip, &as_is.program, Calibration::embedded());
        let again = |order: &Order| at_load(order, point.concurrency, terms).ok();
        let moved = moved(&doubt, (&order, point), again);
        let bands = point.figures().into_iter().enumerate().filter_map(|(place, (key, own))| {
            let remainder =
                remainder_of(key).map_or(0.0, |of| Remainders::embedded().deviation(of));
            let [below, above] = deviations(&moved, place)?;
            let end = |sd: f64, sign: f64| {
                own.map(|own| own * libm::exp(sign * half_width(sd, remainder)))
            };
            Some((key, Band { low: end(below, -1.0), high: end(above, 1.0) }))
        });
        point.bands = bands.collect();
    });
}

/// What a deviation more, and one less, of each cause makes of each figure of `point`, which ran as
/// `order`: the logarithm of the ratio to what it is.
fn moved(
    doubt: &Doubt,
    (order, point): (&Order, &FrontierPoint),
    again: impl Fn(&Order) -> Option<Best>,
) -> Vec<[Figures; 2]> {
    let figures = |point: &FrontierPoint| point.figures().map(|(_, figure)| figure);
    let centre = figures(point);
    let off = |world: &World| {
        let chip = world.chip(order.chip);
        let order = Order { chip: &chip, stretch: world.stretched(order.stretch), ..*order };
        let there = again(&order).and_then(|best| Some(figures(&frontier_point(&order, &best)?)));
        let there = there.unwrap_or_default();
        let ratio = |place: usize| Some(libm::log(there[place]? / centre[place]?));
        std::array::from_fn(|place| ratio(place).filter(|off| off.is_finite()))
    };
    // What is unknown as it is stays so.
    let is_cliff = |(off, own): (&Option<f64>, &Option<f64>)| {
        own.is_some() && off.is_none_or(|off| off.abs() > CLIFF)
    };
    let both = |[more, less]: [World; 2]| {
        let up: Figures = off(&more);
        let is_cliff = up.iter().zip(&centre).any(is_cliff);
        let down = if is_cliff { off(&less) } else { up.map(|off| off.map(|off| -off)) };
        [up, down]
    };
    doubt.one_by_one().into_iter().map(both).collect()
}

/// The deviations below and above of the figure in `place`: the squares of what lowers it, and of
/// what raises it, added up. `None` if it is missing in a world.
fn deviations(moved: &[[Figures; 2]], place: usize) -> Option<[f64; 2]> {
    let mut squares = [0.0; 2];
    for [up, down] in moved {
        let (up, down) = (up[place]?, down[place]?);
        squares[0] += libm::pow(up.min(down).min(0.0), 2.0);
        squares[1] += libm::pow(up.max(down).max(0.0), 2.0);
    }
    Some(squares.map(libm::sqrt))
}
