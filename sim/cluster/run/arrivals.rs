//! Task arrivals at a given rate.

use std::borrow::BorrowMut;

use crate::des::Streams;
use crate::units::{PerSec, Seconds, SimSpan};
use crate::workload::Task;

/// Starts the tasks as a Poisson process of `rate`, whatever start they had.
pub fn at_rate<T: BorrowMut<Task>>(
    tasks: impl Iterator<Item = T>,
    rate: PerSec,
    streams: Streams,
) -> impl Iterator<Item = T> {
    let mut gaps = streams.named("arrivals", 0);
    let mut start = SimSpan::ZERO;
    tasks.map(move |mut task| {
        start += SimSpan::from_seconds(Seconds::new(gaps.exponential(1.0 / rate.get())));
        task.borrow_mut().start = start;
        task
    })
}
