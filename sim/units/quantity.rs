//! The quantities: one macro declares them, one relates them.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::format::with_prefix;
use super::parse::{Dimension, ParseUnitError, parse};

/// Declares a quantity: its type, dimension for parsing, and the unit it prints in.
macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $dimension:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            #[doc = concat!("A quantity in ", $unit, ".")]
            ///
            /// # Panics
            /// If `value` is negative, infinite or not a number.
            #[track_caller]
            pub fn new(value: f64) -> Self {
                assert!(
                    value.is_finite() && value >= 0.0,
                    concat!(stringify!($name), " must be finite and not negative, got {}"),
                    value
                );
                Self(value)
            }

            #[doc = concat!("The number of ", $unit, ".")]
            pub const fn get(self) -> f64 {
                self.0
            }

            /// Whether there is none of it.
            pub fn is_zero(self) -> bool {
                self.0 == 0.0
            }

            /// The larger of two.
            pub fn max(self, other: Self) -> Self {
                Self(self.0.max(other.0))
            }

            /// The smaller of two.
            pub fn min(self, other: Self) -> Self {
                Self(self.0.min(other.0))
            }

            /// What is left of `self` without `other`; nothing if `other` is more.
            pub fn saturating_sub(self, other: Self) -> Self {
                Self((self.0 - other.0).max(0.0))
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self::new(self.0 - other.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self::new(self.0 * factor)
            }
        }

        impl Div<f64> for $name {
            type Output = Self;
            fn div(self, divisor: f64) -> Self {
                Self::new(self.0 / divisor)
            }
        }

        impl Div for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
                iter.fold(Self::ZERO, Add::add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&with_prefix(self.0, $unit))
            }
        }

        impl FromStr for $name {
            type Err = ParseUnitError;
            fn from_str(text: &str) -> Result<Self, ParseUnitError> {
                parse(text, Dimension::$dimension).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = super::parse::UnitText::deserialize(deserializer)?;
                text.as_str(Dimension::$dimension)
                    .map_err(D::Error::custom)?
                    .parse()
                    .map_err(D::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_f64(self.0)
            }
        }
    };
}

/// Relates an amount, a divisor and their rate: gives `/`, `/` and `*`.
macro_rules! rate {
    ($amount:ident per $per:ident = $rate:ident) => {
        impl Div<$per> for $amount {
            type Output = $rate;
            fn div(self, per: $per) -> $rate {
                $rate::new(self.0 / per.0)
            }
        }
        impl Div<$rate> for $amount {
            type Output = $per;
            fn div(self, rate: $rate) -> $per {
                $per::new(self.0 / rate.0)
            }
        }
        impl Mul<$per> for $rate {
            type Output = $amount;
            fn mul(self, per: $per) -> $amount {
                $amount::new(self.0 * per.0)
            }
        }
    };
}

quantity!(
    /// A volume of data, in bytes. Parses `"80 GiB"`, `"3.35 TB"`.
    Bytes, Volume, "B");
quantity!(
    /// A data rate, in bytes per second. Parses `"3.35 TB/s"`, `"400 Gbit/s"`.
    BytesPerSec, DataRate, "B/s");
quantity!(
    /// A signalling rate of one pin, in bits per second. Parses `"9.6 Gbit/s"`.
    BitsPerSec, PinRate, "bit/s");
quantity!(
    /// Arithmetic work, in floating-point (or integer) operations.
    Flop, Work, "FLOP");
quantity!(
    /// Arithmetic throughput, in operations per second, dense. Parses `"989 TFLOP/s"`.
    FlopPerSec, Throughput, "FLOP/s");
quantity!(
    /// A modelled duration, in seconds. Parses `"4.5 us"`.
    Seconds, Duration, "s");
quantity!(
    /// A clock rate. Parses `"1.83 GHz"`.
    Hertz, Frequency, "Hz");
quantity!(
    /// A rate of countable things, per second.
    PerSec, Frequency, "1/s");
quantity!(
    /// Power. Parses `"700 W"`, `"1.4 kW"`.
    Watts, Power, "W");
quantity!(
    /// Energy.
    Joules, Energy, "J");
quantity!(
    /// Money, in US dollars. Parses `"30 kUSD"`.
    Usd, Money, "USD");
quantity!(
    /// A rental rate, in US dollars an hour. Parses `"2.5 USD/h"`.
    UsdPerHour, RentalRate, "USD/h");
quantity!(
    /// A price of tokens, in US dollars a token. Parses `"5 USD/Mtok"`.
    UsdPerToken, TokenPrice, "USD/tok");

rate!(Bytes per Seconds = BytesPerSec);
rate!(Flop per Seconds = FlopPerSec);
rate!(Joules per Seconds = Watts);

impl BitsPerSec {
    /// The data rate of a bus of `pins` such pins.
    pub fn bus(self, pins: u32) -> BytesPerSec {
        BytesPerSec::new(self.0 * f64::from(pins) / 8.0)
    }
}

impl UsdPerHour {
    /// What `time` costs at this rate.
    pub fn cost(self, time: Seconds) -> Usd {
        Usd::new(self.0 * time.get() / 3600.0)
    }
}

impl UsdPerToken {
    /// What `tokens` cost at this price.
    pub fn cost(self, tokens: u64) -> Usd {
        Usd::new(self.0 * tokens as f64)
    }

    /// The number of dollars for a million.
    pub fn per_million(self) -> f64 {
        self.0 * 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_divides_by_its_rate_and_back() {
        let time = Bytes::new(6.7e12) / BytesPerSec::new(3.35e12);
        assert_eq!(time, Seconds::new(2.0));
        assert_eq!(BytesPerSec::new(3.35e12) * time, Bytes::new(6.7e12));
    }

    #[test]
    #[should_panic(expected = "must be finite")]
    fn nothing_is_negative() {
        let _ = Watts::new(-1.0);
    }

    #[test]
    fn a_bus_adds_its_pins() {
        // H100: 5 stacks of 1,024 pins at 5.234 Gbit/s print as 3.35 TB/s.
        let bus = BitsPerSec::new(5.234e9).bus(5 * 1024);
        assert!((bus.get() / 3.35e12 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn an_hour_costs_the_hourly_rate() {
        assert_eq!(UsdPerHour::new(3.0).cost(Seconds::new(7200.0)), Usd::new(6.0));
    }

    #[test]
    fn a_million_tokens_cost_the_price_of_a_million() {
        let price: UsdPerToken = "6.25 USD/Mtok".parse().unwrap();
        assert!((price.cost(2_000_000).get() - 12.5).abs() < 1e-9);
        assert!((price.per_million() - 6.25).abs() < 1e-12);
        assert!("6.25 USD/h".parse::<UsdPerToken>().is_err());
    }
}
