//! Runs that a file lists twice: dumps of one database overlap.

use std::collections::BTreeMap;

use super::table::Row;

/// The runs of a file so far: what was measured, by what was run and the whole part of the first
/// figure, so that those which may be the same lie side by side.
#[derive(Debug)]
pub(super) struct Listed<Run>(BTreeMap<Run, BTreeMap<u64, Vec<Figures>>>);

/// The figures of a run; none where a cell has no number.
type Figures = [Option<Figure>; 2];

/// A figure, and to how many decimals it was written.
#[derive(Clone, Copy, Debug)]
struct Figure {
    value: f64,
    decimals: usize,
}

impl<Run: Ord> Listed<Run> {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether no row so far is of `run` and has the figures that `row` has in `columns`, as far as
    /// both write decimals: some dumps round. It is remembered then.
    pub(super) fn is_new(&mut self, run: Run, row: &Row, columns: [&str; 2]) -> bool {
        let figures = columns.map(|column| Figure::of(row.text(column)));
        let known = self.0.entry(run).or_default();
        let whole = figures[0].map_or(0, |first| first.value as u64);
        let near = whole.saturating_sub(1)..=whole.saturating_add(1);
        let mut alike = known.range(near).flat_map(|(_, listed)| listed);
        let is_new = !alike.any(|listed| listed.iter().zip(figures).all(|(&a, b)| is_same(a, b)));
        if is_new {
            known.entry(whole).or_default().push(figures);
        }
        is_new
    }
}

impl Figure {
    fn of(text: &str) -> Option<Self> {
        let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
        // What is written with an exponent is written out.
        let plain = if text.contains(['e', 'E']) { &value.to_string() } else { text };
        let decimals = plain.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        Some(Self { value, decimals })
    }
}

/// Whether one may be the other, rounded.
fn is_same(one: Option<Figure>, other: Option<Figure>) -> bool {
    let Some((one, other)) = one.zip(other) else { return one.is_none() && other.is_none() };
    // Halves round either way, and are not exact in binary.
    let half = (0.5 + 1e-6) * libm::pow(10.0, -(one.decimals.min(other.decimals) as f64));
    (one.value - other.value).abs() <= half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_compared_as_far_as_both_are_written() {
        let is_same = |one, other| is_same(Figure::of(one), Figure::of(other));
        for (one, other) in
            [("8.065", "8.07"), ("8.065", "8.06"), ("8", "8.0"), ("10.3", "10.298"), ("1e1", "10")]
        {
            assert!(is_same(one, other) && is_same(other, one), "{one} {other}");
        }
        for (one, other) in
            [("8.064", "8.07"), ("8.064", "8.065"), ("10.30", "10.41"), ("8", ""), ("1e-3", "2e-3")]
        {
            assert!(!is_same(one, other) && !is_same(other, one), "{one} {other}");
        }
        assert!(is_same("", "n/a"));
    }
}
