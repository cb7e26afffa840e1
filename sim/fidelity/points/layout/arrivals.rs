//! What rows of requests that arrive at a rate say of their load.

use super::published::is_mlperf;
use super::table::Row;
use crate::fidelity::points::lengths::{Lengths, RequestSet};
use crate::fidelity::points::scenario::{Drive, REQUESTS};
use crate::units::Seconds;

/// More are not simulated: each is remembered.
const MOST_REQUESTS: f64 = 1e6;

/// The load of one of `replicas`, which share arrivals evenly.
///
/// `MLPerf` gives limits where a row is the throughput at the highest rate within them, and that
/// rate where it is a latency of the same run; its requests have lengths of their own.
pub(super) fn load(
    row: &Row,
    model: &str,
    (input, output): (u32, u32),
    replicas: u32,
) -> Result<(Drive, Lengths), String> {
    let notes = row.text("notes");
    if !is_mlperf(row) {
        let stated = row.text("concurrency_or_batch");
        let rate = stated.strip_prefix("request rate ").and_then(|rate| rate.strip_suffix("/s"));
        let rate = rate.and_then(|rate| rate.parse::<f64>().ok()).filter(|rate| *rate > 0.0);
        let rate = rate.ok_or_else(|| format!("no rate of arrivals in `{stated}`"))?;
        let requests = notes.split_once(" requests").map(|(rest, _)| rest);
        let requests = requests.and_then(|rest| rest.rsplit(' ').next());
        let requests = requests.map_or(Ok(f64::from(REQUESTS)), |text| number("requests", text))?;
        if requests > MOST_REQUESTS {
            return Err(format!("{requests} requests are more than are simulated"));
        }
        let requests = (requests as u32).div_ceil(replicas);
        let drive = if rate.is_infinite() {
            Drive::Offline(requests)
        } else {
            Drive::Arrivals { rate: per_replica(rate, replicas)?, requests }
        };
        return Ok((drive, Lengths::exact(input, output)));
    }
    let set = RequestSet::of(model);
    let set = set.ok_or("the lengths of its answers were not published, only their mean")?;
    let lengths = Lengths::Of { set, input, output };
    if let Some(rate) = after(notes, "Poisson arrivals target_qps=") {
        let rate = per_replica(number("target_qps", rate)?, replicas)?;
        return Ok((Drive::Arrivals { rate, requests: REQUESTS.div_ceil(replicas) }, lengths));
    }
    let limits = after(notes, "TTFT<=").zip(after(notes, " TPOT<="));
    let (ttft, tpot) = limits.ok_or("neither its rate nor its service level is stated")?;
    Ok((Drive::Within { ttft_ms: limit("TTFT", ttft)?, tpot_ms: limit("TPOT", tpot)? }, lengths))
}

/// The most sequences at once that the notes state.
pub(super) fn most_sequences(row: &Row) -> Result<Option<u32>, String> {
    let stated = after(row.text("notes"), "max batch per rank ");
    stated.map(|text| Ok(number("max batch per rank", text)? as u32)).transpose()
}

/// Arrivals at one of `replicas` in a thousand seconds.
fn per_replica(rate: f64, replicas: u32) -> Result<u32, String> {
    let rate = (rate * 1e3 / f64::from(replicas)).round();
    if (1.0..=1e9).contains(&rate) {
        return Ok(rate as u32);
    }
    Err(format!("{rate:e} arrivals in a thousand seconds are not simulated"))
}

/// A limit in whole milliseconds, from a time with its unit.
fn limit(name: &str, text: &str) -> Result<u32, String> {
    let time: Seconds = text.parse().map_err(|error| format!("{name} <= {text}: {error}"))?;
    let ms = (time.get() * 1e3).round();
    let is_a_limit = (1.0..=1e8).contains(&ms);
    is_a_limit.then_some(ms as u32).ok_or_else(|| format!("{name} <= {text} is no limit"))
}

/// A number of at least one thousandth.
fn number(name: &str, text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (1e-3..=1e9).contains(number));
    number.ok_or_else(|| format!("`{name}` of {text} is not simulated"))
}

/// The word that follows `mark` in `text`.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(mark)?;
    rest.split([' ', ';']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_behind_their_marks() {
        let notes = "tier=A; SLO p99 TTFT<=450ms TPOT<=40.5ms; max batch per rank 768";
        assert_eq!(after(notes, "TTFT<="), Some("450ms"));
        assert_eq!(after(notes, " TPOT<="), Some("40.5ms"));
        assert_eq!(after(notes, "qps="), None);
    }

    #[test]
    fn limits_have_units() {
        assert_eq!(limit("TTFT", "2s"), Ok(2000));
        assert_eq!(limit("TTFT", "450ms"), Ok(450));
        for text in ["450", "0ms", "1e9s", "nan"] {
            assert!(limit("TTFT", text).is_err(), "{text}");
        }
    }
}
