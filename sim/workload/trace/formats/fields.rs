//! Documents, and single values of JSON records, checked.

use std::io::BufRead;

use serde_json::Value;

use crate::units::SimSpan;
use crate::workload::{Place, WorkloadError};

/// Seconds in a day.
const DAY_S: f64 = 86_400.0;

/// Spans beyond are refused, so that the sum of two stays within [`SimSpan`]'s 213 days.
const LONGEST_S: f64 = 100.0 * DAY_S;

/// Longest prompt or answer that is read, in tokens: sums of two stay countable.
pub(super) const MOST_TOKENS: u32 = 1 << 30;

/// All of a file that is one document.
pub(in crate::workload::trace) fn whole_file(
    name: &str,
    mut reader: impl BufRead,
) -> Result<Vec<u8>, WorkloadError> {
    let mut text = Vec::new();
    let read = reader.read_to_end(&mut text);
    read.map_err(|source| WorkloadError::Read { file: name.into(), source })?;
    Ok(text)
}

/// A value that must be there.
pub(super) fn required<'a>(
    place: &Place,
    key: &str,
    value: Option<&'a Value>,
) -> Result<&'a Value, WorkloadError> {
    value.ok_or_else(|| place.refuse(key, "missing", "every request has it; add it"))
}

/// A finite number.
pub(super) fn number(place: &Place, key: &str, value: &Value) -> Result<f64, WorkloadError> {
    value
        .as_f64()
        .filter(|number| number.is_finite())
        .ok_or_else(|| place.refuse(key, value, "give a number, without quotes"))
}

/// A whole number of tokens, at least `least`.
pub(in crate::workload::trace) fn tokens(
    place: &Place,
    key: &str,
    value: Option<&Value>,
    least: u32,
) -> Result<u32, WorkloadError> {
    let value = required(place, key, value)?;
    let tokens = number(place, key, value)?;
    if tokens.fract() == 0.0 && (f64::from(least)..=f64::from(MOST_TOKENS)).contains(&tokens) {
        return Ok(tokens as u32);
    }
    let remedy =
        format!("give a whole number of tokens from {least} to 2^30, or remove the request");
    Err(place.refuse(key, value, &remedy))
}

/// A duration since something, where one second is `per_second` of the format's units.
pub(super) fn span(
    place: &Place,
    key: &str,
    value: &Value,
    per_second: f64,
) -> Result<SimSpan, WorkloadError> {
    let amount = number(place, key, value)?;
    elapsed(amount, per_second)
        .ok_or_else(|| place.refuse(key, value, "give a time between 0 and 100 days"))
}

/// The span of a recorded duration, if it lies between nothing and a hundred days.
///
/// Rounded to the nearest picosecond: rounding up would push 2.999 s off its own grid.
pub(super) fn elapsed(amount: f64, per_second: f64) -> Option<SimSpan> {
    let within = (0.0..=LONGEST_S * per_second).contains(&amount);
    within.then(|| SimSpan::from_ps(libm::round(amount * (1e12 / per_second)) as u64))
}

/// The time between the starts of the first file and of `file`; refused beyond a hundred days.
pub(in crate::workload::trace) fn between_files(
    file: &str,
    seconds: f64,
) -> Result<SimSpan, WorkloadError> {
    elapsed(seconds, 1.0).ok_or_else(|| {
        let days = (seconds / DAY_S) as u64;
        WorkloadError::TooFarApart { file: file.into(), days }
    })
}
