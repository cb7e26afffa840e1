//! From values to pixels.

use super::figure::AxisSpec;
use crate::units::with_prefix;

/// Room beside the outermost values, as a share of what they span.
const ROOM: f64 = 0.05;

/// Ticks that an axis has at least, where it is left to us.
const TICKS: f64 = 4.0;

/// An axis between two pixels.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    is_log: bool,
    /// Its ends, or their logarithms.
    range: (f64, f64),
    /// Where its ends are, in pixels.
    pub(super) pixels: (f64, f64),
    /// Places in pixels, and what is written there.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// The axis `spec` for `values`, which reach it between `pixels`.
    pub(super) fn new(
        spec: &AxisSpec,
        values: impl Iterator<Item = f64>,
        pixels: (f64, f64),
    ) -> Self {
        let is_log = spec.kind == "log";
        let range = match spec.range {
            Some([low, high]) => (low, high),
            None => around(values, is_log, spec.rangemode == "tozero"),
        };
        let mut axis = Self { is_log, range, pixels, ticks: Vec::new() };
        let ticks = match &spec.tickvals {
            Some(values) => {
                let text = |place: usize| spec.ticktext.get(place).cloned().unwrap_or_default();
                values.iter().enumerate().map(|(place, &value)| (value, text(place))).collect()
            }
            None => axis.even_ticks(spec.tickformat.ends_with('%')),
        };
        let within = |&(at, _): &(f64, String)| {
            let (low, high) = (pixels.0.min(pixels.1), pixels.0.max(pixels.1));
            at >= low - 0.5 && at <= high + 0.5
        };
        axis.ticks = ticks
            .into_iter()
            .filter_map(|(value, text)| Some((axis.at(value)?, text)))
            .filter(within)
            .collect();
        axis
    }

    /// Where `value` is; nowhere if a logarithmic axis has no such value.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        if self.is_log && value <= 0.0 {
            return None;
        }
        Some(self.at_scaled(if self.is_log { libm::log10(value) } else { value }))
    }

    /// Where a value is of which the logarithm is given, if the axis is logarithmic.
    pub(super) fn at_scaled(&self, value: f64) -> f64 {
        let (low, high) = self.range;
        let span = high - low;
        let share = if span == 0.0 { 0.5 } else { (value - low) / span };
        self.pixels.0 + share * (self.pixels.1 - self.pixels.0)
    }

    /// Whether zero is on it.
    pub(super) fn zero(&self) -> Option<f64> {
        let (low, high) = (self.range.0.min(self.range.1), self.range.0.max(self.range.1));
        (!self.is_log && low <= 0.0 && high >= 0.0).then(|| self.at_scaled(0.0))
    }

    /// Round numbers at even distances.
    fn even_ticks(&self, is_percent: bool) -> Vec<(f64, String)> {
        let (low, high) = (self.range.0.min(self.range.1), self.range.0.max(self.range.1));
        let coarsest = (high - low) / TICKS;
        if self.is_log || coarsest <= 0.0 || !coarsest.is_finite() {
            return Vec::new();
        }
        let decade = libm::pow(10.0, libm::floor(libm::log10(coarsest)));
        let step = [5.0, 2.0, 1.0].into_iter().map(|step| step * decade).find(|&s| s <= coarsest);
        let step = step.unwrap_or(decade);
        let first = libm::ceil(low / step) as i64;
        let last = libm::floor(high / step) as i64;
        (first..=last)
            .map(|count| count as f64 * step)
            .map(|value| {
                let percent = || format!("{:.0} %", value * 100.0);
                let plain = || with_prefix(value, "").trim_end().to_owned();
                (value, if is_percent { percent() } else { plain() })
            })
            .collect()
    }
}

/// What spans `values` with some room.
fn around(values: impl Iterator<Item = f64>, is_log: bool, is_from_zero: bool) -> (f64, f64) {
    let scaled = values
        .filter(|&value| value.is_finite() && (!is_log || value > 0.0))
        .map(|value| if is_log { libm::log10(value) } else { value });
    let ends = scaled.map(|value| (value, value)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let (low, high) = ends.unwrap_or((0.0, 1.0));
    let room = if high > low { (high - low) * ROOM } else { 0.5 };
    if is_from_zero && !is_log && low >= 0.0 {
        (0.0, if high > 0.0 { high * (1.0 + ROOM) } else { 1.0 })
    } else {
        (low - room, high + room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(spec: &AxisSpec, values: &[f64]) -> Axis {
        Axis::new(spec, values.iter().copied(), (100.0, 200.0))
    }

    #[test]
    fn values_lie_between_the_ends_in_proportion() {
        let range = Some([0.0, 10.0]);
        let axis = axis(&AxisSpec { range, ..AxisSpec::default() }, &[]);
        assert_eq!(axis.at(2.5), Some(125.0));
        let texts: Vec<_> = axis.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["0", "2", "4", "6", "8", "10"]);
    }

    #[test]
    fn decades_are_equally_long_on_a_logarithmic_axis() {
        let spec = AxisSpec { kind: "log".into(), range: Some([0.0, 2.0]), ..AxisSpec::default() };
        let axis = axis(&spec, &[]);
        assert_eq!(axis.at(10.0), Some(150.0));
        assert_eq!(axis.at(0.0), None);
    }

    #[test]
    fn bars_begin_at_zero() {
        let spec = AxisSpec { rangemode: "tozero".into(), ..AxisSpec::default() };
        let axis = axis(&spec, &[50.0, 100.0]);
        assert_eq!(axis.at(0.0), Some(100.0));
        assert!(axis.at(100.0).unwrap() < 200.0);
    }
}
