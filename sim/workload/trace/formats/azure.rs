//! Azure CSV: `TIMESTAMP,ContextTokens,GeneratedTokens`; lengths only, no pages.

use super::fields::MOST_TOKENS;
use super::lines::Record;
use crate::units::SimSpan;
use crate::workload::{Place, WorkloadError};

const COLUMNS: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

/// The unit of the timestamps' seventh decimal, 100 ns, in picoseconds.
pub(super) const TICK_PS: u64 = 100_000;

/// Ticks in a day.
const DAY: i64 = 86_400 * 10_000_000;

/// What earlier lines leave behind for later ones.
#[derive(Debug, Default)]
pub(in crate::workload::trace) struct Lines {
    /// Ticks of the first record.
    origin: Option<i64>,
    clock: SimSpan,
}

impl Lines {
    /// When the file's clock stood at zero.
    pub(super) fn origin_ms(&self) -> f64 {
        self.origin.unwrap_or(0) as f64 / 1e4
    }

    /// Reads a line; the first one must be the header.
    pub(super) fn read(
        &mut self,
        name: &str,
        line: u64,
        text: &[u8],
    ) -> Result<Option<Record<'static>>, WorkloadError> {
        let record = String::from_utf8_lossy(text.trim_ascii());
        let place = Place::line(name, line);
        if line == 1 {
            check_header(&place, &record)?;
        }
        if line == 1 || record.is_empty() {
            return Ok(None);
        }
        let [stamp, prompt, output] = columns(&place, &record)?;
        let ticks = ticks(stamp).ok_or_else(|| {
            place.refuse(COLUMNS[0], stamp, "write it as 2023-11-16 18:17:03.9799600")
        })?;
        let elapsed = ticks - *self.origin.get_or_insert(ticks);
        self.clock = since(&place, stamp, elapsed, self.clock)?;
        let prompt = tokens(&place, 1, prompt)?;
        let output = tokens(&place, 2, output)?;
        let (time, delay, pages) = (self.clock, None, &[]);
        let (is_timed, conversation) = (true, None);
        Ok(Some(Record { line, time, is_timed, delay, prompt, output, pages, conversation }))
    }
}

/// The columns must be these, in this order: lengths swapped would be believed.
fn check_header(place: &Place, record: &str) -> Result<(), WorkloadError> {
    if record.split(',').map(str::trim).eq(COLUMNS) {
        return Ok(());
    }
    Err(place.refuse("header", format!("`{record}`"), &format!("write {}", COLUMNS.join(","))))
}

/// The record's three fields.
fn columns<'a>(place: &Place, record: &'a str) -> Result<[&'a str; 3], WorkloadError> {
    let fields: Vec<_> = record.split(',').map(str::trim).collect();
    fields.try_into().map_err(|_| {
        place.refuse("record", format!("`{record}`"), &format!("write {}", COLUMNS.join(",")))
    })
}

/// A length in column `column`; only generated tokens may be none.
fn tokens(place: &Place, column: usize, text: &str) -> Result<u32, WorkloadError> {
    let least = u32::from(column == 1);
    text.parse().ok().filter(|tokens| (least..=MOST_TOKENS).contains(tokens)).ok_or_else(|| {
        let remedy = format!("give a whole number of tokens from {least} to 2^30");
        place.refuse(COLUMNS[column], format!("`{text}`"), &remedy)
    })
}

/// The time since the first record, which never goes back.
fn since(place: &Place, stamp: &str, ticks: i64, clock: SimSpan) -> Result<SimSpan, WorkloadError> {
    if ticks > 100 * DAY {
        let remedy = "it is more than 100 days after the first; split the file";
        return Err(place.refuse(COLUMNS[0], stamp, remedy));
    }
    let time = u64::try_from(ticks).ok().map(|ticks| SimSpan::from_ps(ticks * TICK_PS));
    time.filter(|&time| time >= clock).ok_or_else(|| {
        place.refuse(COLUMNS[0], stamp, "it is earlier than the line before; sort the file by time")
    })
}

/// `2023-11-16 18:17:03.9799600` as ticks since some midnight.
pub(super) fn ticks(stamp: &str) -> Option<i64> {
    let (date, clock) = stamp.split_once([' ', 'T'])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.trim_end_matches('Z').split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let valid = (1970..=2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && (1..=9).contains(&fraction.len())
        && fraction.bytes().all(|digit| digit.is_ascii_digit());
    if !valid {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<7}")[..7].parse().ok()?;
    let seconds = (hour * 60 + minute) * 60 + second;
    Some(days(year, month, day) * DAY + seconds * 10_000_000 + fraction)
}

/// Days of the Gregorian calendar, counted from the first of March of year 0.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that the leap day is its last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_count_across_midnight_and_leap_days() {
        let between = |a: &str, b: &str| ticks(b).unwrap() - ticks(a).unwrap();
        assert_eq!(between("2023-11-16 23:59:59.9999999", "2023-11-17 00:00:00"), 1);
        assert_eq!(between("2024-02-28 00:00:00.0", "2024-03-01 00:00:00.0"), 2 * DAY);
        assert_eq!(between("2023-02-28 00:00:00.0", "2023-03-01 00:00:00.0"), DAY);
        assert_eq!(between("2023-01-01 00:00:00.0", "2024-01-01 00:00:00.0"), 365 * DAY);
        assert_eq!(between("2023-11-16 18:17:03.9799600", "2023-11-16 18:17:04.0319600"), 520_000);
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for stamp in [
            "",
            "2023-11-16",
            "2023-13-16 00:00:00",
            "2023-11-16 24:00:00",
            "x y",
            "2023-11-16 00:00:00.é",
        ] {
            assert_eq!(ticks(stamp), None, "{stamp}");
        }
    }
}
