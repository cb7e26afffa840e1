//! Reading quantities with units. Bare numbers and wrong dimensions are errors.

use serde::Deserialize;

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Volume,
    DataRate,
    PinRate,
    Work,
    Throughput,
    Duration,
    Frequency,
    Power,
    Energy,
    Money,
    RentalRate,
    TokenPrice,
}

use Dimension::{
    DataRate, Duration, Energy, Frequency, Money, PinRate, Power, RentalRate, Throughput,
    TokenPrice, Volume, Work,
};

impl Dimension {
    fn name(self) -> &'static str {
        match self {
            Volume => "a data volume",
            DataRate => "a data rate",
            PinRate => "a pin rate",
            Work => "an amount of work",
            Throughput => "a throughput",
            Duration => "a duration",
            Frequency => "a frequency",
            Power => "a power",
            Energy => "an energy",
            Money => "an amount of money",
            RentalRate => "a rental rate",
            TokenPrice => "a price of tokens",
        }
    }

    fn example(self) -> &'static str {
        match self {
            Volume => "80 GiB",
            DataRate => "3.35 TB/s",
            PinRate => "9.6 Gbit/s",
            Work => "140 GFLOP",
            Throughput => "989 TFLOP/s",
            Duration => "4.5 us",
            Frequency => "1.83 GHz",
            Power => "700 W",
            Energy => "3.9 pJ",
            Money => "30 kUSD",
            RentalRate => "2.5 USD/h",
            TokenPrice => "5 USD/Mtok",
        }
    }
}

/// Base units, their dimension, and the factor to the base unit of that dimension.
const UNITS: &[(&str, Dimension, f64)] = &[
    ("B/s", DataRate, 1.0),
    ("bit/s", PinRate, 1.0),
    ("FLOP/s", Throughput, 1.0),
    ("OP/s", Throughput, 1.0),
    ("USD/Mtok", TokenPrice, 1e-6),
    ("USD/tok", TokenPrice, 1.0),
    ("USD/h", RentalRate, 1.0),
    ("FLOP", Work, 1.0),
    ("USD", Money, 1.0),
    ("Hz", Frequency, 1.0),
    ("min", Duration, 60.0),
    ("B", Volume, 1.0),
    ("h", Duration, 3600.0),
    ("s", Duration, 1.0),
    ("W", Power, 1.0),
    ("J", Energy, 1.0),
];

const PREFIXES: &[(&str, f64)] = &[
    ("", 1.0),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("m", 1e-3),
    ("u", 1e-6),
    ("µ", 1e-6),
    ("n", 1e-9),
    ("p", 1e-12),
];

/// A text that is not the quantity it should be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ParseUnitError {
    #[error("`{text}` has no unit; expected {expected} such as \"{example}\"")]
    NoUnit { text: String, expected: &'static str, example: &'static str },
    #[error("`{text}` is {found}; expected {expected} such as \"{example}\"")]
    WrongDimension {
        text: String,
        found: &'static str,
        expected: &'static str,
        example: &'static str,
    },
    #[error("unknown unit `{unit}` in `{text}`; expected {expected} such as \"{example}\"")]
    UnknownUnit { text: String, unit: String, expected: &'static str, example: &'static str },
    #[error("`{text}` does not start with a number; expected {expected} such as \"{example}\"")]
    NotANumber { text: String, expected: &'static str, example: &'static str },
    #[error("`{text}` must be finite and not negative")]
    OutOfRange { text: String },
}

/// Reads `text` as a quantity of `expected`, in its base unit.
pub(super) fn parse(text: &str, expected: Dimension) -> Result<f64, ParseUnitError> {
    let trimmed = text.trim();
    let (name, example) = (expected.name(), expected.example());
    let unit_start = trimmed
        .char_indices()
        .find(|&(i, c)| !is_number_char(c, &trimmed[i..]))
        .map_or(trimmed.len(), |(i, _)| i);
    let (digits, unit) = (trimmed[..unit_start].replace('_', ""), trimmed[unit_start..].trim());
    let Ok(number) = digits.trim().parse::<f64>() else {
        return Err(ParseUnitError::NotANumber { text: text.into(), expected: name, example });
    };
    if unit.is_empty() {
        return Err(ParseUnitError::NoUnit { text: text.into(), expected: name, example });
    }
    let factor = factor(unit, expected).map_err(|found| match found {
        Some(found) => ParseUnitError::WrongDimension {
            text: text.into(),
            found: found.name(),
            expected: name,
            example,
        },
        None => ParseUnitError::UnknownUnit {
            text: text.into(),
            unit: unit.into(),
            expected: name,
            example,
        },
    })?;
    let value = number * factor;
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(ParseUnitError::OutOfRange { text: text.into() })
    }
}

/// Whether `c` belongs to the number; an `e` does only before an exponent.
fn is_number_char(c: char, rest: &str) -> bool {
    match c {
        '0'..='9' | '.' | '_' | '-' | '+' => true,
        'e' | 'E' => {
            rest[1..].starts_with(|next: char| next.is_ascii_digit() || matches!(next, '-' | '+'))
        }
        _ => false,
    }
}

/// The factor of `unit` to `expected`'s base unit, or the dimension that it has instead.
fn factor(unit: &str, expected: Dimension) -> Result<f64, Option<Dimension>> {
    let mut found = None;
    for &(base, dimension, scale) in UNITS {
        let Some(prefix) = unit.strip_suffix(base) else { continue };
        let Some(&(_, power)) = PREFIXES.iter().find(|(p, _)| *p == prefix) else { continue };
        if dimension == expected {
            return Ok(power * scale);
        }
        // Links are printed in bits per second as often as in bytes.
        if (dimension, expected) == (PinRate, DataRate) {
            return Ok(power * scale / 8.0);
        }
        found = found.or(Some(dimension));
    }
    Err(found)
}

/// A unit text in a file; catches bare numbers with a helpful message.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum UnitText {
    Text(String),
    Integer(i64),
    Float(f64),
}

impl UnitText {
    pub(super) fn as_str(&self, expected: Dimension) -> Result<&str, ParseUnitError> {
        let bare = match self {
            Self::Text(text) => return Ok(text),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
        };
        Err(ParseUnitError::NoUnit {
            text: bare,
            expected: expected.name(),
            example: expected.example(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::units::{Bytes, BytesPerSec, Seconds, UsdPerHour, Watts};

    #[test]
    fn si_and_iec_prefixes_differ() {
        assert_eq!("80 GB".parse(), Ok(Bytes::new(80e9)));
        assert_eq!("80 GiB".parse(), Ok(Bytes::new(80.0 * 1_073_741_824.0)));
    }

    #[test]
    fn bits_are_eighths_of_bytes_on_links_only() {
        assert_eq!("400 Gbit/s".parse(), Ok(BytesPerSec::new(50e9)));
        assert!("400 Gbit".parse::<Bytes>().is_err());
    }

    #[test]
    fn a_volume_is_no_rate_and_the_message_says_so() {
        let error = "3.35 TB".parse::<BytesPerSec>().unwrap_err().to_string();
        assert_eq!(error, "`3.35 TB` is a data volume; expected a data rate such as \"3.35 TB/s\"");
    }

    #[test]
    fn bare_negative_and_unknown_are_errors() {
        for text in ["80", "-3 GB", "3 TBps", "GB", "", "nan GB", "1e999 GB", "3 e GB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }

    #[test]
    fn exponents_durations_and_rates_parse() {
        assert_eq!("1e3 W".parse(), Ok(Watts::new(1e3)));
        assert_eq!("4.5 us".parse(), Ok(Seconds::new(4.5e-6)));
        assert_eq!("5 min".parse(), Ok(Seconds::new(300.0)));
        assert_eq!("2.5 USD/h".parse(), Ok(UsdPerHour::new(2.5)));
    }
}
