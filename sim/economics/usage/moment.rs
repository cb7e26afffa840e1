//! Instants as logs write them.

use crate::units::Seconds;

/// An instant in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Milliseconds since 1970.
    ms: i64,
}

const DAY_MS: i64 = 86_400_000;

impl Moment {
    /// Reads RFC 3339 in UTC: `2026-06-01T05:40:29.420Z`. `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
        let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
        let thousandths = format!("{fraction:0<3}").get(..3)?.parse::<i64>().ok()?;
        let sane = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && (1970..=9999).contains(&year)
            && [hour, minute, second, thousandths].iter().all(|&part| part >= 0)
            && hour < 24
            && minute < 60
            && second <= 60;
        let seconds = (hour * 60 + minute) * 60 + second;
        sane.then(|| Self { ms: days(year, month, day) * DAY_MS + seconds * 1000 + thousandths })
    }

    /// The time since `earlier`; nothing if that is later.
    pub fn since(self, earlier: Self) -> Seconds {
        Seconds::new((self.ms - earlier.ms).max(0) as f64 / 1e3)
    }

    /// The day in UTC: `2026-06-01`.
    pub fn day(self) -> String {
        let (year, month, day) = civil(self.ms.div_euclid(DAY_MS));
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// Days from 1970-01-01 to a date. Source: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days after 1970-01-01. Source: as [`days`], `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_subtract_across_days_and_years() {
        let at = |text| Moment::parse(text).unwrap();
        let gap = at("2027-01-01T00:00:00.5Z").since(at("2026-12-31T23:59:59.250Z"));
        assert_eq!(gap, Seconds::new(1.25));
        let day = at("2026-03-01T00:00:00Z").since(at("2026-02-28T00:00:00Z"));
        assert_eq!(day, Seconds::new(86_400.0));
        assert_eq!(at("1970-01-02T00:00:00Z").ms, DAY_MS);
    }

    #[test]
    fn a_day_is_the_one_that_was_written() {
        for day in ["1970-01-01", "2000-02-29", "2026-06-01", "2026-12-31", "2100-03-01"] {
            assert_eq!(Moment::parse(&format!("{day}T23:59:59.999Z")).unwrap().day(), day);
        }
    }

    #[test]
    fn other_texts_are_no_instants() {
        for text in ["", "2026-06-01", "2026-13-01T00:00:00Z", "2026-06-01T25:00:00Z", "T:Z"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
