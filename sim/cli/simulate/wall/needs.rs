//! `--match`: what each chip would need to yield as much as another.

use rayon::prelude::*;

use super::command::Rung;
use crate::cli::simulate::explain::{Explained, LEVEL};
use crate::cli::{CliError, Shell};
use crate::cluster::{Best, Order, Stride, Terms, best_nearby};
use crate::fidelity::{Remainders, spread};
use crate::insight::{Lever, crossing, needed};
use crate::report::{Band, WallRow};

/// A factor, and its range.
type Need = (Lever, Option<f64>, Option<Band>);

/// Gives the rows of `rungs` that ran what it would take to yield as much as the chip `goal`; a
/// range, too, where the rows are `explained`.
pub(super) fn find_needs(
    rows: &mut [WallRow],
    rungs: &[Rung],
    (goal, explained): (&str, &Explained),
    terms: &Terms,
    shell: &Shell,
) -> Result<(), CliError> {
    let ran: Vec<Option<(Order, u32)>> = rungs.iter().map(as_found).collect();
    let place = rows.iter().position(|row| row.chip == goal);
    let target = place.and_then(|place| {
        let (order, near) = ran[place].as_ref()?;
        Some(yielding(order, *near, terms)?.output_tok_s_per_gpu)
    });
    let problem = match place {
        None => Some("it is not among --chips"),
        Some(_) if rows.len() == 1 => Some("there is no other chip to match it"),
        Some(_) if target.is_none() => Some("it has no result"),
        Some(_) => None,
    };
    let (Some(target), None) = (target, problem) else {
        return Err(CliError::Flag {
            flag: "--match",
            value: goal.to_owned(),
            problem: problem.unwrap_or_default().into(),
            remedy: "name one of several --chips, which runs the model".into(),
        });
    };
    let progress = shell.progress("asking what it would take", rows.len() as u64);
    let worlds = |place: usize| explained.get(place)?.as_deref();
    let of_goal = place.and_then(worlds);
    let found: Vec<Vec<Need>> = (ran.par_iter().enumerate())
        .map(|(place, ran)| {
            let ends = of_goal.zip(worlds(place)).and_then(|(goal, own)| apart(goal, own));
            let targets = (target, ends.map(|(low, high)| (target * low, target * high)));
            let needs = ran.iter().flat_map(|(order, near)| needs(order, *near, targets, terms));
            let needs = needs.collect();
            progress.advance(1);
            needs
        })
        .collect();
    for (place_of, (row, needs)) in rows.iter_mut().zip(found).enumerate() {
        if Some(place_of) != place {
            let banded = needs.iter().filter_map(|(lever, _, band)| Some((lever.key(), (*band)?)));
            row.need_bands = banded.collect();
            row.needs = needs.into_iter().map(|(lever, factor, _)| (lever.key(), factor)).collect();
        }
    }
    Ok(())
}

/// The range of what one chip yields over what another does, relative to the prediction: worlds
/// are the same for both, what no cause explains is each one's own.
fn apart(goal: &[f64], own: &[f64]) -> Option<(f64, f64)> {
    let ratios: Vec<_> = goal.iter().zip(own).map(|(goal, own)| Some(goal / own)).collect();
    let remainder = core::f64::consts::SQRT_2 * Remainders::embedded().deviation("throughput");
    // Nobody asks for causes, which the worlds would tell.
    let spread = spread(&[], &ratios, 1.0, LEVEL)?.with_remainder(remainder);
    Some((spread.low, spread.high))
}

/// The order of a rung at its best, and its load.
fn as_found<'a>((order, found): &Rung<'a>) -> Option<(Order<'a>, u32)> {
    let best = found.as_ref().ok()?;
    Some((Order { plan: best.deployment.plan, ..*order }, best.concurrency.unwrap_or(1)))
}

/// What an order yields at its best load, looked for from `near` on; factors are far apart.
fn yielding(order: &Order, near: u32, terms: &Terms) -> Option<Best> {
    best_nearby(order, near, Stride::FAR, terms).ok()
}

/// A factor that was tried, what it gave, and the load at which it did.
#[derive(Clone, Copy)]
struct Tried {
    factor: f64,
    output: f64,
    load: u32,
}

/// The one of `tried` that is nearest to `factor`, in proportion.
fn nearest(factor: f64, tried: &[Tried]) -> Option<Tried> {
    let away = |of: &Tried| libm::fabs(libm::log(of.factor / factor));
    tried.iter().copied().min_by(|a, b| away(a).total_cmp(&away(b)))
}

/// What `order` needs of each lever for a target, and for the ends of its range.
fn needs(
    order: &Order,
    near: u32,
    (target, ends): (f64, Option<(f64, f64)>),
    terms: &Terms,
) -> Vec<Need> {
    let run = |factor: f64, order: &Order, near: u32| {
        let found = yielding(order, near, terms)?;
        let (output, load) = (found.output_tok_s_per_gpu, found.concurrency.unwrap_or(near));
        Some(Tried { factor, output, load })
    };
    // Once as much is the same of every lever.
    let as_is: Vec<Tried> = run(1.0, order, near).into_iter().collect();
    let need = |lever: Lever| {
        let mut tried = as_is.clone();
        let mut output = |factor: f64| {
            let nearest = nearest(factor, &tried);
            if let Some(known) = nearest.filter(|of| of.factor.to_bits() == factor.to_bits()) {
                return Some(known.output);
            }
            let (chip, stretch) = lever.pull(order.chip, order.stretch, factor);
            let order = Order { chip: &chip, stretch, ..*order };
            let found = run(factor, &order, nearest.map_or(near, |of| of.load))?;
            tried.push(found);
            Some(found.output)
        };
        let factor = needed(target, &mut output);
        // A search that ended at once tried too little to read the other end off.
        let far = ends.and_then(|(low, high)| match factor {
            None => needed(low, &mut output),
            Some(1.0) => needed(high, &mut output),
            Some(_) => None,
        });
        tried.sort_by(|a, b| a.factor.total_cmp(&b.factor));
        let tried: Vec<_> = tried.iter().map(|of| (of.factor, of.output)).collect();
        let band = ends.map(|(low, high)| match factor {
            None => Band { low: far, high: None },
            Some(factor) => Band {
                low: crossing(low, &tried).map(|least| least.min(factor)),
                high: crossing(high, &tried).or(far).map(|most| most.max(factor)),
            },
        });
        (lever, factor, band)
    };
    Lever::NEEDS.into_par_iter().map(need).collect()
}
