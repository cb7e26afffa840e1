//! What rows of requests that arrive at a rate say of their load.

use super::published::is_mlperf;
use super::table::Row;
use crate::fidelity::points::lengths::{Lengths, RequestSet};
use crate::fidelity::points::scenario::Drive;

/// Requests of a simulated run whose number is not stated: enough for a 99th percentile, and for
/// the first of them, which meet an empty server, not to count.
pub(super) const REQUESTS: u32 = 20_000;

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
        let rate = rate.and_then(|rate| rate.parse().ok());
        let rate: f64 = rate.ok_or_else(|| format!("no rate of arrivals in `{stated}`"))?;
        let requests = before(notes, " requests").unwrap_or(f64::from(REQUESTS)) as u32;
        let drive = if rate.is_infinite() {
            Drive::Offline(requests.div_ceil(replicas))
        } else {
            arrivals(rate, requests, replicas)?
        };
        return Ok((drive, Lengths::exact(input, output)));
    }
    let set = RequestSet::of(model);
    let set = set.ok_or("the lengths of its answers were not published, only their mean")?;
    let lengths = Lengths::Of { set, input, output };
    if let Some(rate) = after(notes, "Poisson arrivals target_qps=") {
        return Ok((arrivals(rate, REQUESTS, replicas)?, lengths));
    }
    let limits = after(notes, "TTFT<=").zip(after(notes, " TPOT<="));
    let (ttft, tpot) = limits.ok_or("neither its rate nor its service level is stated")?;
    Ok((Drive::Within { ttft_ms: ttft as u32, tpot_ms: tpot as u32 }, lengths))
}

/// The most sequences at once that the notes state.
pub(super) fn most_sequences(row: &Row) -> Option<u32> {
    after(row.text("notes"), "max batch per rank ").map(|most| most as u32)
}

fn arrivals(rate: f64, requests: u32, replicas: u32) -> Result<Drive, String> {
    let rate = (rate * 1e3 / f64::from(replicas)).round();
    if rate < 1.0 || rate > f64::from(u32::MAX) {
        return Err(format!("{rate} arrivals in a thousand seconds are not simulated"));
    }
    Ok(Drive::Arrivals { rate: rate as u32, requests: requests.div_ceil(replicas) })
}

/// The number that follows `mark` in `text`.
fn after(text: &str, mark: &str) -> Option<f64> {
    let (_, rest) = text.split_once(mark)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').parse().ok()
}

/// The number before `mark` in `text`.
fn before(text: &str, mark: &str) -> Option<f64> {
    let (rest, _) = text.split_once(mark)?;
    rest.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_beside_their_marks() {
        let notes =
            "tier=A; SLO p99 TTFT<=450ms TPOT<=40.5ms; max batch per rank 768; 500 requests";
        assert_eq!(after(notes, "TTFT<="), Some(450.0));
        assert_eq!(after(notes, " TPOT<="), Some(40.5));
        assert_eq!(before(notes, " requests"), Some(500.0));
        assert_eq!(after(notes, "qps="), None);
    }
}
