//! Values of flags that are not plain numbers.

use crate::hardware::Format;
use crate::model::Weights;
use crate::units::{BytesPerSec, Seconds, SimSpan};

/// Longest span a flag accepts: simulated time ends after 213 days.
const LONGEST_S: f64 = 100.0 * 86_400.0;

/// A duration with its unit: `10s`, `50ms`, `1h`.
pub(super) fn span(text: &str) -> Result<SimSpan, String> {
    let seconds: Seconds = text.parse().map_err(|error| format!("{error}"))?;
    if seconds.is_zero() || seconds.get() > LONGEST_S {
        return Err("give more than nothing and at most 100 days (2400h)".into());
    }
    Ok(SimSpan::from_seconds(seconds))
}

/// Times between failures below this leave a replica no time to do anything.
const SHORTEST_UP_S: f64 = 0.1;

/// A mean time between failures.
pub(super) fn uptime(text: &str) -> Result<SimSpan, String> {
    let up = span(text)?;
    if up.seconds().get() < SHORTEST_UP_S {
        return Err("give at least 100ms: a replica that fails more often answers nothing".into());
    }
    Ok(up)
}

/// A bandwidth with its unit, greater than zero: `50GB/s`.
pub(super) fn bandwidth(text: &str) -> Result<BytesPerSec, String> {
    let bandwidth: BytesPerSec = text.parse().map_err(|error| format!("{error}"))?;
    if bandwidth.is_zero() {
        return Err("give more than nothing: KV that never arrives is never answered".into());
    }
    Ok(bandwidth)
}

/// A rate per second, greater than zero.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "give tasks per second, more than 0".into())
}

/// A share, greater than zero and at most one.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share: &f64| (1e-6..=1.0).contains(share));
    share.ok_or_else(|| "give a share, at least 0.000001 and at most 1".into())
}

/// Weights: `checkpoint`, or a number format.
pub(super) fn weights(text: &str) -> Result<Weights, String> {
    if text == "checkpoint" {
        return Ok(Weights::Checkpoint);
    }
    text.parse::<Format>().map(Weights::All).map_err(|error| format!("{error}, checkpoint"))
}
