//! What a figure's value can be, and how it is read.

use crate::hardware::hbm::{PatternError, Refresh};
use crate::hardware::topology::Wiring;
use crate::units::{
    BitsPerSec, Bytes, BytesPerSec, FlopPerSec, Hertz, ParseUnitError, Usd, UsdPerHour, Watts,
};

/// No figure of an accelerator is outside, in any base unit; keeps products and ratios finite.
const PLAUSIBLE: std::ops::Range<f64> = 1e-6..1e24;

/// A type that a figure can have.
pub trait Written: Sized + Clone {
    /// Reads a value; the message says what was expected.
    fn read(raw: &toml::Value) -> Result<Self, String>;
}

macro_rules! quantities {
    ($($type:ty),*) => {$(
        impl Written for $type {
            fn read(raw: &toml::Value) -> Result<Self, String> {
                let quantity: Self = match raw {
                    toml::Value::String(text) => text.parse(),
                    // A bare number: the parser says which unit it wants.
                    other => other.to_string().parse(),
                }
                .map_err(|error: ParseUnitError| error.to_string())?;
                plausible(quantity.get()).map(|_| quantity)
            }
        }
    )*};
}
quantities!(BitsPerSec, Bytes, BytesPerSec, FlopPerSec, Hertz, Usd, UsdPerHour, Watts);

fn plausible(value: f64) -> Result<f64, String> {
    if PLAUSIBLE.contains(&value) {
        Ok(value)
    } else {
        Err("is nothing that an accelerator can have; leave out what is unknown".into())
    }
}

impl Written for String {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        raw.as_str().map(Into::into).ok_or_else(|| format!("`{raw}` is no text"))
    }
}

/// More than any part has of anything: a wafer has 900,000 cores.
const MOST: u32 = 10_000_000;

/// A count of things, at least one.
impl Written for u32 {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        raw.as_integer()
            .and_then(|number| Self::try_from(number).ok())
            .filter(|number| (1..=MOST).contains(number))
            .ok_or_else(|| format!("`{raw}` is not a whole number from 1 to {MOST}"))
    }
}

/// A number without a unit, above zero.
impl Written for f64 {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        match raw {
            toml::Value::Integer(number) => plausible(*number as Self),
            toml::Value::Float(number) => plausible(*number),
            _ => Err(format!("`{raw}` is no number")),
        }
    }
}

impl Written for Refresh {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        let text = String::read(raw)?;
        text.parse().map_err(|error: PatternError| error.to_string())
    }
}

impl Written for Wiring {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        String::read(raw)?.parse()
    }
}

/// A part of a whole, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share(pub f64);

impl Written for Share {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        f64::read(raw)
            .ok()
            .filter(|&share| share <= 1.0)
            .map(Self)
            .ok_or_else(|| format!("`{raw}` is not a share above 0 and at most 1"))
    }
}

/// An area, in square millimetres. Reads `"814 mm2"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquareMillimetres(pub f64);

impl Written for SquareMillimetres {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        raw.as_str()
            .and_then(|text| text.strip_suffix("mm2"))
            .and_then(|number| number.trim().parse::<f64>().ok())
            .filter(|area| PLAUSIBLE.contains(area))
            .map(Self)
            .ok_or_else(|| format!("`{raw}` is no area such as \"814 mm2\""))
    }
}

/// A range from low to high.
impl<T: Written + PartialOrd> Written for (T, T) {
    fn read(raw: &toml::Value) -> Result<Self, String> {
        let Some([low, high]) = raw.as_array().map(Vec::as_slice) else {
            return Err(format!("`{raw}` is no range such as [\"25 kUSD\", \"40 kUSD\"]"));
        };
        let range = (T::read(low)?, T::read(high)?);
        if range.0 <= range.1 { Ok(range) } else { Err(format!("`{raw}` ends below its start")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Written>(text: &str) -> Result<T, String> {
        let table: toml::Table = format!("x = {text}").parse().expect("test values are TOML");
        T::read(&table["x"])
    }

    #[test]
    fn quantities_need_units_of_their_dimension() {
        assert_eq!(read::<Watts>("\"700 W\""), Ok(Watts::new(700.0)));
        assert!(read::<Watts>("700").unwrap_err().contains("has no unit"));
        assert!(read::<BytesPerSec>("\"80 GiB\"").unwrap_err().contains("data volume"));
    }

    #[test]
    fn nonsense_is_refused_and_never_overflows() {
        assert!(read::<Bytes>("\"-80 GiB\"").is_err());
        assert!(read::<Bytes>("\"1e290 EB\"").is_err());
        assert!(read::<Bytes>("\"0 GiB\"").unwrap_err().contains("leave out"));
        assert!(read::<f64>("nan").is_err());
        assert!(read::<u32>("0").is_err());
        assert!(read::<u32>("4294967295").unwrap_err().contains("from 1 to 10000000"));
        assert!(read::<Share>("1.2").is_err());
        assert!(read::<(Usd, Usd)>("[\"40 kUSD\", \"25 kUSD\"]").is_err());
    }

    #[test]
    fn areas_and_ranges_read() {
        assert_eq!(read::<SquareMillimetres>("\"814 mm2\""), Ok(SquareMillimetres(814.0)));
        let range = read::<(Usd, Usd)>("[\"25 kUSD\", \"40 kUSD\"]");
        assert_eq!(range, Ok((Usd::new(25e3), Usd::new(40e3))));
    }
}
