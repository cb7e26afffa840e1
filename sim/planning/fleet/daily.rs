//! How a day's work is spread over its hours.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

const HOURS: usize = 24;

/// The load of each hour of a day over the day's average.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Spelled")]
pub struct Daily([f64; HOURS]);

/// As a file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Named(String),
    Hours(Vec<f64>),
}

/// Office hours in one time zone: nine in ten tasks between 8 and 19 o'clock, with a dip at noon.
/// An estimate; nobody publishes theirs.
const OFFICE: [f64; HOURS] = [
    1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 5.0, 12.0, 18.0, 20.0, 19.0, 14.0, 17.0, 20.0, 20.0, 18.0,
    13.0, 7.0, 4.0, 3.0, 2.0, 2.0, 1.0,
];

impl Daily {
    /// The same load all day.
    pub const FLAT: Self = Self([1.0; HOURS]);

    /// Of what each hour has, in any unit.
    pub fn of(hours: &[f64]) -> Result<Self, String> {
        let hours: [f64; HOURS] = hours.try_into().map_err(|_| {
            format!("a day has 24 hours, not {}; give one number each", hours.len())
        })?;
        let is_load = |load: &f64| load.is_finite() && *load >= 0.0;
        let sum: f64 = hours.iter().sum();
        let is_day = hours.iter().all(is_load) && sum > 0.0 && sum.is_finite();
        if !is_day {
            return Err("give 24 numbers from 0 on that are not all 0".into());
        }
        Ok(Self(hours.map(|load| load * HOURS as f64 / sum)))
    }

    /// The busiest hour over the average one.
    pub fn peak(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// Each hour over the average one, from midnight on.
    pub fn hours(&self) -> &[f64; HOURS] {
        &self.0
    }
}

impl FromStr for Daily {
    type Err = String;

    /// `flat`, `office`, or 24 numbers with commas between them.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "flat" => return Ok(Self::FLAT),
            "office" => return Self::of(&OFFICE),
            _ => {}
        }
        let hours: Result<Vec<f64>, _> = text.split(',').map(|hour| hour.trim().parse()).collect();
        match hours {
            Ok(hours) if hours.len() > 1 => Self::of(&hours),
            _ => Err("give flat, office, or 24 numbers with commas between them".into()),
        }
    }
}

impl TryFrom<Spelled> for Daily {
    type Error = String;

    fn try_from(spelled: Spelled) -> Result<Self, String> {
        match spelled {
            Spelled::Named(name) => name.parse(),
            Spelled::Hours(hours) => Self::of(&hours),
        }
    }
}

impl fmt::Display for Daily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours: Vec<_> = self.0.iter().map(|hour| format!("{hour:.2}")).collect();
        f.write_str(&hours.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_averages_to_one() {
        for day in ["flat", "office", "0,0,0,0,0,0,0,0,5,9,9,9,1,9,9,9,7,0,0,0,0,0,0,2"] {
            let day: Daily = day.parse().unwrap();
            let mean = day.hours().iter().sum::<f64>() / 24.0;
            assert!((mean - 1.0).abs() < 1e-12);
            assert!(day.peak() >= 1.0 && day.peak() <= 24.0);
        }
        assert!((Daily::FLAT.peak() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for (text, part) in [
            ("1,2,3", "not 3"),
            ("weekend", "flat, office"),
            ("5", "24 numbers"),
            (&vec!["0"; 24].join(","), "not all 0"),
            (&vec!["-1"; 24].join(","), "from 0 on"),
            (&vec!["NaN"; 24].join(","), "from 0 on"),
        ] {
            let error = text.parse::<Daily>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
