//! The search.

use std::collections::BTreeMap;

use super::response::{FIRST_TOKEN, MOVES, NAMES, Response, TERMS, TOKEN, loss, terms, values};
use crate::cost::{Calibration, EngineProfile, HostTerms};
use crate::des::quantile;
use crate::fidelity::points::judge::{group, is_held_out};
use crate::fidelity::points::point::{Family, Point};
use crate::fidelity::points::scenario::Drive;

/// Larger loops say little of the host, whose share of a step falls, and take long to simulate.
const MOST_IN_FLIGHT: u32 = 64;

/// A search for the host terms of every engine.
#[derive(Clone, Debug)]
pub struct HostFit {
    points: Vec<Point>,
    terms: BTreeMap<EngineProfile, HostTerms>,
    scores: BTreeMap<EngineProfile, HostScore>,
}

/// How an engine's terms do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostScore {
    /// Groups fitted to: chip, model, engine.
    pub groups: Vec<String>,
    /// Groups held out.
    pub held_out: Vec<String>,
    /// Points fitted to, times to first token among them.
    pub n: usize,
    /// Median and 90th percentile of the relative error of held-out times per output token.
    pub tpot: Option<(f64, f64)>,
    /// The same of held-out times to first token.
    pub ttft: Option<(f64, f64)>,
    /// Terms that did not lower the error of groups held out, and are therefore zero.
    pub dropped: Vec<&'static str>,
}

/// Whether a point says something of the host: closed loops, and first tokens without a queue.
fn is_usable(point: &Point) -> bool {
    let Ok(scenario) = &point.ask else { return false };
    let Drive::Closed(flight) = scenario.drive else { return false };
    match point.metric.family {
        Family::Tpot => flight <= MOST_IN_FLIGHT,
        Family::Ttft => scenario.is_light(),
        _ => false,
    }
}

impl HostFit {
    /// A search over the aggregated serving points among `points`, from the terms that are shipped.
    pub fn new(points: Vec<Point>) -> Self {
        let points: Vec<Point> = points.into_iter().filter(is_usable).collect();
        let start = |engine| (engine, Calibration::embedded().host(engine));
        Self {
            points,
            terms: EngineProfile::ALL.into_iter().map(start).collect(),
            scores: BTreeMap::new(),
        }
    }

    /// The points to predict.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The constants to predict them with: at the terms, then with each term moved.
    pub fn trials(&self) -> Vec<Calibration> {
        let with = |moved: Option<usize>| {
            let mut calibration = Calibration::embedded().clone();
            for (engine, at) in &self.terms {
                let mut values = values(*at);
                if let Some(term) = moved {
                    values[term] += MOVES[term];
                }
                calibration = calibration.with_host(*engine, terms(values));
            }
            calibration
        };
        std::iter::once(None).chain((0..TERMS).map(Some)).map(with).collect()
    }

    /// Moves the terms to where the affine responses have the least error; `predicted` has the
    /// answers of each trial in the order of the points, `None` where there is none.
    pub fn refine(&mut self, predicted: &[Vec<Option<f64>>]) {
        for (engine, at) in &mut self.terms {
            let of_engine =
                |point: &Point| point.ask.as_ref().is_ok_and(|scenario| scenario.engine == *engine);
            let responses = responses(&self.points, predicted, of_engine);
            let (mut change, mut dropped) = search(&responses, values(*at));
            if keep_what_is_better(&responses, &mut change) {
                dropped.clear();
            }
            let mut score = score(&responses, &change);
            score.dropped = dropped.into_iter().map(|term| NAMES[term]).collect();
            for point in self.points.iter().filter(|point| of_engine(point)) {
                let group = group(point);
                let list =
                    if is_held_out(&group) { &mut score.held_out } else { &mut score.groups };
                list.push(group);
            }
            for list in [&mut score.groups, &mut score.held_out] {
                list.sort();
                list.dedup();
            }
            self.scores.insert(*engine, score);
            let mut moved = values(*at);
            for (value, by) in moved.iter_mut().zip(change) {
                *value = (*value + by).max(0.0);
            }
            *at = terms(moved);
        }
    }

    /// Each engine's terms and how they do, after a refinement.
    pub fn results(&self) -> impl Iterator<Item = (EngineProfile, HostTerms, &HostScore)> {
        let of = |(engine, terms): (&EngineProfile, &HostTerms)| {
            Some((*engine, *terms, self.scores.get(engine)?))
        };
        self.terms.iter().filter_map(of)
    }
}

fn responses(
    points: &[Point],
    predicted: &[Vec<Option<f64>>],
    is_wanted: impl Fn(&Point) -> bool,
) -> Vec<Response> {
    let mut sizes: BTreeMap<(Family, String), f64> = BTreeMap::new();
    for point in points {
        *sizes.entry((point.metric.family, group(point))).or_default() += 1.0;
    }
    let response = |(index, point): (usize, &Point)| {
        let base = predicted[0][index]?;
        let mut slopes = [0.0; TERMS];
        for (term, slope) in slopes.iter_mut().enumerate() {
            *slope = (predicted[term + 1][index]? - base) / MOVES[term];
        }
        let group = group(point);
        Some(Response {
            measured: point.measured,
            base,
            slopes,
            is_held_out: is_held_out(&group),
            // The square root: large groups say more, but not in proportion.
            weight: 1.0 / libm::sqrt(sizes[&(point.metric.family, group)]),
            is_first_token: point.metric.family == Family::Ttft,
        })
    };
    let wanted = points.iter().enumerate().filter(|(_, point)| is_wanted(point));
    wanted.filter_map(response).collect()
}

/// The change of the terms with the least error on fitted groups, and the optional terms that
/// raise the error of the groups held out.
fn search(responses: &[Response], at: [f64; TERMS]) -> ([f64; TERMS], Vec<usize>) {
    let held_out = |optional: usize, change: &[f64; TERMS]| {
        let is_first = optional >= FIRST_TOKEN;
        let counts = |r: &&Response| r.is_held_out && r.is_first_token == is_first;
        loss(responses.iter().filter(counts), change)
    };
    let mut dropped = Vec::new();
    let mut best = descend(responses, at, &dropped);
    for optional in [3, 2, 1, TOKEN] {
        let without: Vec<usize> = dropped.iter().copied().chain([optional]).collect();
        let change = descend(responses, at, &without);
        if held_out(optional, &change) <= held_out(optional, &best) {
            (best, dropped) = (change, without);
        }
    }
    (best, dropped)
}

/// Undoes changes that raise the error of the groups held out: the fitted groups were too few or
/// too unlike them. Whether the terms of a step stay as they were.
fn keep_what_is_better(responses: &[Response], change: &mut [f64; TERMS]) -> bool {
    let held_out = |is_first: bool, change: &[f64; TERMS]| {
        let counts = |r: &&Response| r.is_held_out && r.is_first_token == is_first;
        loss(responses.iter().filter(counts), change)
    };
    let mut first_alone = [0.0; TERMS];
    first_alone[FIRST_TOKEN..].copy_from_slice(&change[FIRST_TOKEN..]);
    let is_worse = held_out(false, change) >= held_out(false, &first_alone);
    if is_worse {
        *change = first_alone;
    }
    let steps_alone = {
        let mut alone = *change;
        alone[FIRST_TOKEN..].fill(0.0);
        alone
    };
    if held_out(true, change) >= held_out(true, &steps_alone) {
        *change = steps_alone;
    }
    is_worse
}

/// Coordinate descent with halving steps: per output token first, then to the first token.
fn descend(responses: &[Response], at: [f64; TERMS], zero: &[usize]) -> [f64; TERMS] {
    let mut change = [0.0; TERMS];
    for &term in zero {
        change[term] = -at[term];
    }
    let of =
        |first: bool| responses.iter().filter(move |r| !r.is_held_out && r.is_first_token == first);
    for is_first in [false, true] {
        let mut size = 1.0;
        while size > 1e-3 {
            let mut has_moved = false;
            for term in (0..TERMS).filter(|&term| (term >= FIRST_TOKEN) == is_first) {
                if zero.contains(&term) {
                    continue;
                }
                for by in [MOVES[term] * size, -MOVES[term] * size] {
                    let mut next = change;
                    next[term] = (next[term] + by).max(-at[term]);
                    if loss(of(is_first), &next) < loss(of(is_first), &change) - 1e-9 {
                        (change, has_moved) = (next, true);
                    }
                }
            }
            if !has_moved {
                size /= 2.0;
            }
        }
    }
    change
}

fn score(responses: &[Response], change: &[f64; TERMS]) -> HostScore {
    let errors = |is_first: bool| {
        let held_out = responses.iter().filter(|r| r.is_held_out && r.is_first_token == is_first);
        let mut errors: Vec<f64> = held_out.map(|r| (r.ratio(change) - 1.0).abs()).collect();
        errors.sort_unstable_by(f64::total_cmp);
        Some((quantile(&errors, 0.5)?, quantile(&errors, 0.9)?))
    };
    let n = responses.iter().filter(|r| !r.is_held_out).count();
    HostScore { n, tpot: errors(false), ttft: errors(true), ..HostScore::default() }
}
