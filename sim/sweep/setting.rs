//! One value of one flag.

use std::fmt::{self, Display, Formatter};

/// A value of a flag of `run`, or of a figure of the chip.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A name, or a quantity with its unit.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Number(f64),
    /// A switch, on or off.
    Switch(bool),
    /// Several names, for a flag that takes many.
    Many(Vec<String>),
}

impl Display for Setting {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Switch(on) => write!(formatter, "{on}"),
            Self::Many(texts) => formatter.write_str(&texts.join(" ")),
        }
    }
}

/// A text that holds a number: `6.4 Gbit/s`, `90min`, or a multiple, `x1.2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// `x` for a multiple of the chip's own figure, else empty.
    pub prefix: String,
    /// The number.
    pub number: f64,
    /// The unit with the space before it, if any.
    pub suffix: String,
}

impl Measure {
    /// The number in `text`; `None` for names such as `h100-sxm` or `tp8`.
    pub fn of(text: &str) -> Option<Self> {
        let (prefix, rest) = text.strip_prefix('x').map_or(("", text), |rest| ("x", rest));
        let is_digit = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
        let end = rest.find(|c: char| !is_digit(c)).unwrap_or(rest.len());
        let number = rest[..end].parse().ok().filter(|number: &f64| number.is_finite())?;
        let suffix = &rest[end..];
        let unit = suffix.trim_start();
        let is_unit = unit.is_empty() || unit.starts_with(char::is_alphabetic);
        let is_whole = prefix.is_empty() || unit.is_empty();
        let measure = Self { prefix: prefix.into(), number, suffix: suffix.into() };
        (is_unit && is_whole).then_some(measure)
    }

    /// Another number of the same unit.
    #[must_use]
    pub fn with(&self, number: f64) -> Self {
        Self { number, ..self.clone() }
    }
}

impl Display for Measure {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        write!(formatter, "{}{}{}", self.prefix, self.number, self.suffix)
    }
}

impl Setting {
    /// The number that it is or holds.
    pub fn measure(&self) -> Option<Measure> {
        let bare = |number| Measure { prefix: String::new(), number, suffix: String::new() };
        match self {
            Self::Text(text) => Measure::of(text),
            Self::Integer(number) => Some(bare(*number as f64)),
            Self::Number(number) => Some(bare(*number)),
            Self::Switch(_) | Self::Many(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_told_from_names() {
        let measure = Measure::of("6.4 Gbit/s").unwrap();
        assert_eq!((measure.number, measure.suffix.as_str()), (6.4, " Gbit/s"));
        assert_eq!(measure.with(8.0).to_string(), "8 Gbit/s");
        assert_eq!(Measure::of("x1.25").unwrap().prefix, "x");
        for name in ["h100-sxm", "tp8", "fp8", "llama-3.1-8b", "x1 GB", "", "."] {
            assert_eq!(Measure::of(name), None, "{name}");
        }
    }
}
