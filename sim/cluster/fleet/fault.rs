//! When replicas fail and return.

use crate::des::{Stream, Streams};
use crate::units::{Seconds, SimSpan};

/// How replicas fail: each by itself, at exponential times.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// Mean time from a return to the next failure.
    pub between: SimSpan,
    /// Mean time down.
    pub repair: SimSpan,
    /// Where the times are drawn from, by replica.
    pub streams: Streams,
}

impl Faults {
    /// The stream of the `index`-th replica.
    pub(super) fn stream(&self, index: usize) -> Stream {
        self.streams.named("faults", index as u64)
    }

    pub(super) fn time_up(&self, stream: &mut Stream) -> SimSpan {
        draw(stream, self.between)
    }

    pub(super) fn time_down(&self, stream: &mut Stream) -> SimSpan {
        draw(stream, self.repair)
    }
}

fn draw(stream: &mut Stream, mean: SimSpan) -> SimSpan {
    SimSpan::from_seconds(Seconds::new(stream.exponential(mean.seconds().get())))
}
