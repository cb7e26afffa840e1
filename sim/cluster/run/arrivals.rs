//! Task arrivals at a given rate.

use crate::des::Streams;
use crate::units::{PerSec, Seconds, SimSpan};
use crate::workload::Task;

/// Starts the tasks as a Poisson process of `rate`, whatever start they had.
pub fn at_rate(
    tasks: impl Iterator<Item = Task>,
    rate: PerSec,
    streams: Streams,
) -> impl Iterator<Item = Task> {
    let mut gaps = streams.named("arrivals", 0);
    let mut start = SimSpan::ZERO;
    tasks.map(move |task| {
        start += SimSpan::from_seconds(Seconds::new(gaps.exponential(1.0 / rate.get())));
        Task { start, ..task }
    })
}
