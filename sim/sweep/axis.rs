//! What one key may be: values one by one, or a span to divide or to draw from.

use super::setting::{Measure, Setting};

/// How a span is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// By equal differences.
    #[default]
    Linear,
    /// By equal ratios.
    Log,
}

/// Everything between two numbers of one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its start, with the unit of both.
    pub from: Measure,
    /// Its end.
    pub to: f64,
    /// Equal steps of what.
    pub scale: Scale,
    /// Whether only whole numbers are meant: both ends were written so.
    pub whole: bool,
}

impl Span {
    /// The value at `share` of the way, from 0 to 1: six significant digits, or a whole number.
    pub fn at(&self, share: f64) -> Setting {
        let (from, to) = (self.from.number, self.to);
        let number = match self.scale {
            Scale::Linear => from + (to - from) * share,
            Scale::Log => from * libm::exp(share * libm::log(to / from)),
        };
        if self.whole {
            return Setting::Integer(number.round() as i64);
        }
        let number = format!("{number:.5e}").parse().expect("a formatted number reads back");
        if self.from.prefix.is_empty() && self.from.suffix.is_empty() {
            Setting::Number(number)
        } else {
            Setting::Text(self.from.with(number).to_string())
        }
    }

    /// The value of a draw from `[0, 1)`: every whole number is equally likely.
    pub fn drawn(&self, unit: f64) -> Setting {
        if self.whole && self.scale == Scale::Linear {
            let numbers = self.to - self.from.number + 1.0;
            return Setting::Integer((self.from.number + libm::floor(unit * numbers)) as i64);
        }
        self.at(unit)
    }
}

/// A key and what it may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Axis {
    /// One of these.
    Values(Vec<Setting>),
    /// Anything between.
    Span(Span),
}

impl Axis {
    /// The value of a draw from `[0, 1)`.
    pub fn drawn(&self, unit: f64) -> Setting {
        match self {
            Self::Values(values) => values[(unit * values.len() as f64) as usize].clone(),
            Self::Span(span) => span.drawn(unit),
        }
    }

    /// Values that stand for it: all of a list, the ends of a span.
    pub fn samples(&self) -> Vec<Setting> {
        match self {
            Self::Values(values) => values.clone(),
            Self::Span(span) => vec![span.at(0.0), span.at(1.0)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: f64, scale: Scale) -> Span {
        Span { from: Measure::of(from).unwrap(), to, scale, whole: false }
    }

    #[test]
    fn spans_keep_unit_and_ends() {
        let rates = span("6 Gbit/s", 12.0, Scale::Linear);
        assert_eq!(rates.at(0.5), Setting::Text("9 Gbit/s".into()));
        let ratio = span("1", 100.0, Scale::Log);
        assert_eq!([ratio.at(0.0), ratio.at(0.5)], [1.0, 10.0].map(Setting::Number));
        assert_eq!(ratio.at(1.0), Setting::Number(100.0));
    }

    #[test]
    fn whole_numbers_are_drawn_alike() {
        let dice = Span { whole: true, ..span("1", 6.0, Scale::Linear) };
        let mut seen = [0; 7];
        for i in 0..600 {
            let Setting::Integer(number) = dice.drawn(f64::from(i) / 600.0) else { panic!() };
            seen[usize::try_from(number).unwrap()] += 1;
        }
        assert_eq!(seen, [0, 100, 100, 100, 100, 100, 100]);
    }
}
