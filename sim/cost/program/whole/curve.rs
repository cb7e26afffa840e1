//! The price of a decode step as lines over the sums of its contexts.
//!
//! For a given number of sequences every form is a sum or a maximum of terms that are affine in one
//! sum of contexts, plain or clipped, so that a step's price is convex and made of straight pieces.
//! They are found by asking for prices, not from the forms' insides, and written down as whole
//! numbers; every decode step is priced by them.

use super::exact::{Cost, FineSpan};
use super::ledger::{AXES, DecodeSteps, Line, LineId, Sums};
use super::pace::Pace;
use super::series::Series;
use crate::cost::batch::Decode;
use crate::cost::bound::Bound;

/// A price: seconds by bound, operations, bytes.
pub(in crate::cost::program) type Sample = [f64; Bound::ALL.len() + 2];

/// The sums of a decode batch.
pub(in crate::cost::program) fn sums_of(decode: &Decode) -> Sums {
    let mut sums = [decode.context; AXES];
    sums[1..].copy_from_slice(&decode.clipped);
    sums
}

/// Mean contexts at which the search for pieces begins anew, in tokens; past the last one the last
/// piece goes on. No model reads four million tokens.
const MEANS: [u64; 5] = [1, 1 << 6, 1 << 12, 1 << 18, 1 << 22];

/// A point is on a line if it is so near to it, relative to the price: 1000 roundings.
const TOLERANCE: f64 = 2e-13;

/// Lines for one number of sequences.
#[derive(Debug)]
pub(in crate::cost::program) struct Curve {
    sequences: u32,
    base: Cost,
    /// All of its time.
    base_span: i128,
    /// One for each sum that the price depends on.
    axes: Vec<Axis>,
}

/// How the price depends on one sum.
#[derive(Debug)]
struct Axis {
    sum: usize,
    pieces: Vec<Piece>,
}

/// `at + slope × sum` up to the sum `last`.
#[derive(Debug)]
struct Piece {
    last: u64,
    at: Cost,
    slope: Cost,
    /// All of their times.
    at_span: i128,
    slope_span: i128,
}

impl Curve {
    /// The curve of steps with `sequences` sequences, whose price may depend on the first `sums`
    /// sums, each for itself, and is `price`.
    pub(in crate::cost::program) fn trace(
        sequences: u32,
        sums: usize,
        price: impl Fn(&Sums) -> Sample,
    ) -> Self {
        let shortest = [u64::from(sequences); AXES];
        let base = price(&shortest);
        let axis = |sum: usize| {
            let along = |value: u64| {
                let mut point = shortest;
                point[sum] = value;
                price(&point)
            };
            let ends = pieces(u64::from(sequences), |value| total(&along(value)));
            let pieces: Vec<_> = ends.into_iter().map(|ends| piece(ends, &base, along)).collect();
            Axis { sum, pieces }
        };
        let axes = (0..sums).map(axis).filter(Axis::matters).collect();
        let base = cost(&base);
        Self { sequences, base, base_span: base.sum(), axes }
    }

    /// The step of these sums, and those after it: each sum grows by `growth` a step. What they
    /// cost is on a [`line`](Self::line).
    pub(in crate::cost::program) fn steps(&self, sums: Sums, growth: Sums) -> DecodeSteps {
        let mut line = LineId { sequences: self.sequences, pieces: [0; AXES] };
        let (mut first, mut more) = (self.base_span, 0);
        let mut steps = u64::MAX;
        for (place, axis) in self.axes.iter().enumerate() {
            let (value, growth) = (sums[axis.sum], growth[axis.sum]);
            let index = axis.index(value);
            let piece = &axis.pieces[index];
            line.pieces[place] = index as u16;
            first += piece.at_span + piece.slope_span * i128::from(value);
            more += piece.slope_span * i128::from(growth);
            steps = steps.min(piece.lasts(value, growth));
        }
        let pace = Pace::new(FineSpan::of(first), FineSpan::of(more), steps);
        DecodeSteps::on_line(pace, line, sums, growth)
    }

    /// A line that [`steps`](Self::steps) named.
    pub(in crate::cost::program) fn line(&self, id: &LineId) -> Line {
        let (mut at, mut slopes) = (self.base, Vec::with_capacity(self.axes.len()));
        for (axis, &index) in self.axes.iter().zip(&id.pieces) {
            let piece = &axis.pieces[usize::from(index)];
            at += piece.at;
            slopes.push((axis.sum, piece.slope));
        }
        Line { at, slopes }
    }

    /// The step of these sums, and those after it: each sum grows by `growth` a step.
    pub(in crate::cost::program) fn series(&self, sums: &Sums, growth: &Sums) -> Series {
        let (mut first, mut more) = (self.base, Cost::default());
        let mut steps = u64::MAX;
        for axis in &self.axes {
            let (value, growth) = (sums[axis.sum], growth[axis.sum]);
            let piece = &axis.pieces[axis.index(value)];
            first += piece.at;
            first.add_times(&piece.slope, value);
            more.add_times(&piece.slope, growth);
            steps = steps.min(piece.lasts(value, growth));
        }
        Series::new(first, more, steps)
    }
}

impl Axis {
    /// The index of the piece at `value`; the last one goes on.
    #[inline]
    fn index(&self, value: u64) -> usize {
        let index = self.pieces.iter().position(|piece| value <= piece.last);
        index.unwrap_or(self.pieces.len() - 1)
    }

    fn matters(&self) -> bool {
        self.pieces.iter().any(|piece| piece.slope != Cost::default())
    }
}

impl Piece {
    /// How many steps are on it that begin at `value`, which grows by `growth` a step.
    #[inline]
    fn lasts(&self, value: u64, growth: u64) -> u64 {
        let left = self.last.checked_sub(value).and_then(|left| left.checked_div(growth));
        left.map_or(u64::MAX, |left| left.saturating_add(1))
    }
}

fn total(sample: &Sample) -> f64 {
    sample[..Bound::ALL.len()].iter().sum()
}

fn cost(sample: &Sample) -> Cost {
    let [times @ .., flop, traffic] = *sample;
    Cost::of_parts(times, flop, traffic)
}

/// The line of a piece that reaches from `first` to `last`, on top of `base`.
///
/// Taken from two points inside, because causes change at the ends.
fn piece((first, last): (u64, u64), base: &Sample, along: impl Fn(u64) -> Sample) -> Piece {
    let inset = (last - first) / 4;
    let (low, high) = (first + inset, last - inset);
    let (a, b) = (along(low), along(high));
    let mut slope = Sample::default();
    let mut at = Sample::default();
    for i in 0..slope.len() {
        slope[i] = if high > low { (b[i] - a[i]) / (high - low) as f64 } else { 0.0 };
        at[i] = a[i] - slope[i] * low as f64 - base[i];
    }
    let (at, slope) = (cost(&at), cost(&slope));
    Piece { last, at, slope, at_span: at.sum(), slope_span: slope.sum() }
}

/// A point of a curve: the sum and the price there.
type Point = (u64, f64);

/// The straight pieces of a convex `price` over sums from `sequences` on, as first and last sums.
fn pieces(sequences: u64, price: impl Fn(u64) -> f64) -> Vec<(u64, u64)> {
    let at = |value: u64| (value, price(value));
    let mut found: Vec<(Point, Point)> = Vec::new();
    for range in MEANS.windows(2) {
        let first = sequences * range[0] + u64::from(range[0] > 1);
        split(&at, at(first), at(sequences * range[1]), &mut found);
    }
    let mut pieces: Vec<(Point, Point)> = Vec::new();
    for piece in found {
        match pieces.last_mut() {
            Some(last) if are_aligned(last.0, last.1, piece.1) => last.1 = piece.1,
            _ => pieces.push(piece),
        }
    }
    let mut ends: Vec<_> = pieces.iter().map(|(first, last)| (first.0, last.0)).collect();
    // A single point at a bend belongs to either side.
    ends.dedup_by(|next, piece| {
        let is_point = next.0 == next.1;
        piece.1 = if is_point { next.1 } else { piece.1 };
        is_point
    });
    ends
}

/// Divides `[a, b]` into straight pieces.
fn split(at: &impl Fn(u64) -> Point, a: Point, b: Point, found: &mut Vec<(Point, Point)>) {
    let middle = at(a.0.midpoint(b.0));
    if b.0 - a.0 <= 1 || are_aligned(a, middle, b) {
        found.push((a, b));
        return;
    }
    let (left, right) = match bend(at, a, b) {
        Some(bend) => (bend, at(bend.0 + 1)),
        None => (middle, at(middle.0 + 1)),
    };
    split(at, a, left, found);
    split(at, right, b, found);
}

/// Where the line on which `[a, b]` begins meets the one on which it ends.
fn bend(at: &impl Fn(u64) -> Point, a: Point, b: Point) -> Option<Point> {
    let inset = (b.0 - a.0) / 64;
    if inset == 0 {
        return None;
    }
    let slope = |p: Point, q: Point| (q.1 - p.1) / (q.0 - p.0) as f64;
    let after_a = at(a.0 + inset);
    let (rise_a, rise_b) = (slope(a, after_a), slope(at(b.0 - inset), b));
    let apart = (b.1 - a.1 - rise_b * (b.0 - a.0) as f64) / (rise_a - rise_b);
    let met = a.0 + apart.max(0.0) as u64;
    // Far enough inside that the search comes to an end quickly.
    let is_inside = apart.is_finite() && met > after_a.0 && met < b.0 - inset;
    is_inside.then(|| at(met)).filter(|&met| are_aligned(a, after_a, met))
}

/// Whether `middle` lies on the line from `a` to `b`: then all between them does, by convexity.
fn are_aligned(a: Point, middle: Point, b: Point) -> bool {
    let part = (middle.0 - a.0) as f64 / ((b.0 - a.0) as f64).max(1.0);
    let expected = a.1 + (b.1 - a.1) * part;
    (middle.1 - expected).abs() <= TOLERANCE * expected.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bends_are_found_where_they_are() {
        // Three lines over one sum, two over another.
        let price = |sums: &Sums| {
            let [x, y] = [sums[0] as f64, sums[1] as f64];
            let mut sample = Sample::default();
            let lines = [(1e-3, 0.0), (0.5e-3, 1e-7), (-9.5e-3, 2e-7)];
            sample[1] = lines.iter().map(|(at, slope)| at + slope * x).fold(0.0, f64::max);
            sample[4] = f64::max(2e-4, 1e-9 * y);
            sample[7] = 3.0 * x + y;
            sample
        };
        let curve = Curve::trace(16, 2, price);
        let lasts: Vec<Vec<u64>> = curve
            .axes
            .iter()
            .map(|axis| axis.pieces.iter().map(|piece| piece.last).collect())
            .collect();
        let end = 16 << 22;
        for (found, expected) in lasts.iter().flatten().zip([5000, 100_000, end, 200_000, end]) {
            assert!(found.abs_diff(expected) <= 1, "{lasts:?}");
        }
        for x in [16u64, 4000, 5100, 90_000, 3_000_000] {
            let sums = [x, 2 * x, 0, 0, 0];
            let found = curve.series(&sums, &[0; 5]).first();
            let expected = cost(&price(&sums));
            let error = (found - expected).span().seconds().get();
            assert!(error < 1e-15, "{x}: {error}");
        }
    }

    #[test]
    fn a_series_ends_with_its_piece() {
        let price = |sums: &Sums| {
            let mut sample = Sample::default();
            sample[1] = f64::max(1e-3, 1e-6 * sums[0] as f64);
            sample
        };
        let curve = Curve::trace(4, 1, price);
        let at = |x| curve.series(&[x, 0, 0, 0, 0], &[4, 0, 0, 0, 0]);
        assert_eq!(at(960).pace().steps(), 11);
        assert_eq!(at(1000).pace().steps(), 1);
        for x in [100u64, 1004, 5000] {
            let series = at(x);
            assert_eq!(series.skip(1).first(), at(x + 4).first());
        }
    }
}
