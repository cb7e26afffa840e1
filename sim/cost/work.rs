//! What an operator does, what of a step it sees, and what a form must answer.

use std::ops::{Add, Mul};

use super::batch::Batch;
use super::bound::{Bound, Breakdown};
use super::norm::{Norm, blend, ceil};
use crate::hardware::Narrowest;
use crate::model::{Rows, Spread};

/// The work of one operator on one rank.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Work {
    /// Operations.
    pub(super) flops: f64,
    /// Bytes from and to memory.
    pub(super) bytes: f64,
    /// Bytes that this rank sends.
    pub(super) wire: f64,
}

impl Add for Work {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            flops: self.flops + other.flops,
            bytes: self.bytes + other.bytes,
            wire: self.wire + other.wire,
        }
    }
}

impl Mul<f64> for Work {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self { flops: self.flops * times, bytes: self.bytes * times, wire: self.wire * times }
    }
}

/// Datasheet rates that bound an operator, per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peaks {
    pub(super) flops: f64,
    pub(super) bytes: f64,
    pub(super) wire: f64,
}

impl Peaks {
    /// The roofline time of `work`: the largest of its three quotients, all of it for that bound.
    ///
    /// A lower bound; assumes perfect overlap. Source: Williams, Waterman, Patterson, CACM 52(4),
    /// 2009.
    pub(super) fn roofline(&self, work: Work) -> Breakdown {
        let terms = [
            (Bound::Compute, work.flops / self.flops),
            (Bound::HbmBandwidth, work.bytes / self.bytes),
            (Bound::Interconnect, work.wire / self.wire),
        ];
        blend(&terms, Norm::Max)
    }
}

/// An operator whose cost depends on a number of rows alone.
pub(super) trait RowForm: Send {
    /// What it does for `rows` rows on this rank; `rows` is not zero.
    fn work(&self, rows: f64) -> Work;
    /// Its calibrated time.
    fn time(&self, rows: f64) -> Breakdown;
    /// Its ceilings.
    fn peaks(&self) -> Peaks;
    /// The link that binds what it sends, if it sends anything.
    fn narrowest(&self) -> Option<&Narrowest> {
        None
    }
}

/// An operator whose cost depends on contexts.
pub(super) trait ContextForm: Send {
    /// What it does.
    fn work(&self, load: &Load) -> Work;
    /// Its calibrated time; nothing if the step has nothing for it.
    fn time(&self, load: &Load) -> Breakdown;
    /// Its ceilings.
    fn peaks(&self) -> Peaks;
    /// The link that binds what it sends, if it sends anything.
    fn narrowest(&self) -> Option<&Narrowest> {
        None
    }
    /// Its lower bound.
    fn roofline(&self, load: &Load) -> Breakdown {
        self.peaks().roofline(self.work(load))
    }
}

/// The rows that one rank has of `rows`, spread over `spread` ranks: the fullest rank's.
pub(super) fn share(rows: u32, spread: u32) -> f64 {
    f64::from(fullest(rows, spread))
}

/// The same as a count. Most steps are not spread, and need no division.
fn fullest(rows: u32, spread: u32) -> u32 {
    if spread <= 1 { rows } else { rows.div_ceil(spread) }
}

/// The rows that the fullest group of ranks has of a step. A sequence stays in one of the groups,
/// whose parts share its tokens.
pub(super) fn rows_of(batch: &Batch, rows: Rows, spread: Spread) -> u32 {
    let of_one = |rows, groups| fullest(fullest(rows, groups), spread.parts);
    match rows {
        Rows::Logits => of_one(batch.logits, spread.groups),
        Rows::Tokens => {
            let chunked = spread.groups.min(batch.prefill.chunks.max(1));
            of_one(batch.decode.sequences, spread.groups) + of_one(batch.prefill.tokens, chunked)
        }
    }
}

/// A step, or a part of one that runs by itself: of the decodes' contexts it has a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slice {
    /// Its rows and chunks; the sums over decodes are those of the whole step.
    pub(super) batch: Batch,
    /// Its share of these sums.
    pub(super) decode_share: f64,
}

impl Slice {
    /// All of `batch`.
    pub(super) const fn whole(batch: &Batch) -> Self {
        Self { batch: *batch, decode_share: 1.0 }
    }
}

/// A step as one rank sees it: sequences, tokens and chunks as on the fullest rank, contexts split
/// evenly over as many ranks as there are sequences or chunks for (a balanced router).
///
/// Of parts that share contexts each has its part of the new tokens, and meets all keys with them;
/// of a decode's keys it reads its own.
pub(super) struct Load<'a> {
    batch: &'a Batch,
    groups: u32,
    parts: f64,
    decode_part: f64,
    prefill_part: f64,
    new_tokens: f64,
}

impl<'a> Load<'a> {
    pub(super) fn new(batch: &'a Batch, spread: Spread) -> Self {
        if spread == Spread::NONE {
            return Self::alone(batch);
        }
        let (groups, parts) = (spread.groups.max(1), f64::from(spread.parts.max(1)));
        let part = |count: u32| 1.0 / f64::from(groups.min(count.max(1)));
        let (decode_part, prefill_part) =
            (part(batch.decode.sequences) / parts, part(batch.prefill.chunks));
        let new_tokens = ceil(f64::from(batch.prefill.tokens) * prefill_part / parts);
        Self { batch, groups, parts, decode_part, prefill_part, new_tokens }
    }

    /// All of it.
    fn alone(batch: &'a Batch) -> Self {
        let new_tokens = f64::from(batch.prefill.tokens);
        Self { batch, groups: 1, parts: 1.0, decode_part: 1.0, prefill_part: 1.0, new_tokens }
    }

    pub(super) fn of(slice: &'a Slice, spread: Spread) -> Self {
        let load = Self::new(&slice.batch, spread);
        Self { decode_part: load.decode_part * slice.decode_share, ..load }
    }

    /// Decoding sequences.
    pub(super) fn sequences(&self) -> f64 {
        share(self.batch.decode.sequences, self.groups)
    }

    /// Keys that the decodes read, in tokens.
    pub(super) fn decode_keys(&self, clip: Option<usize>) -> f64 {
        let decode = &self.batch.decode;
        clip.map_or(decode.context, |clip| decode.clipped[clip]) as f64 * self.decode_part
    }

    /// Prefill chunks.
    pub(super) fn chunks(&self) -> f64 {
        share(self.batch.prefill.chunks, self.groups)
    }

    /// New tokens of the chunks.
    pub(super) const fn new_tokens(&self) -> f64 {
        self.new_tokens
    }

    /// Query-key pairs of the chunks.
    pub(super) fn pairs(&self, clip: Option<usize>) -> f64 {
        let prefill = &self.batch.prefill;
        let pairs = clip.map_or(prefill.pairs, |clip| prefill.clipped_pairs[clip]);
        pairs as f64 * self.prefill_part / self.parts
    }

    /// Keys that the chunks read, in tokens, their own included.
    pub(super) fn prefill_keys(&self, clip: Option<usize>) -> f64 {
        let prefill = &self.batch.prefill;
        clip.map_or(prefill.context, |clip| prefill.clipped_context[clip]) as f64
            * self.prefill_part
    }

    /// Keys of the chunks that are not of their own tokens.
    pub(super) fn past_keys(&self) -> f64 {
        (self.prefill_keys(None) - self.new_tokens()).max(0.0)
    }

    /// The longest context at a chunk's end.
    pub(super) fn prefill_longest(&self) -> f64 {
        f64::from(self.batch.prefill.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roofline_corners_are_tight() {
        // The ridge of this machine is at 100 operations a byte.
        let peaks = Peaks { flops: 1e15, bytes: 1e13, wire: 1e11 };
        let at = |flops| peaks.roofline(Work { flops, bytes: 1e10, wire: 0.0 });
        let (below, above) = (at(0.999e12), at(1.001e12));
        assert_eq!(below.largest(), Bound::HbmBandwidth);
        assert_eq!(above.largest(), Bound::Compute);
        assert!((below.total().get() - 1e-3).abs() < 1e-12);
        assert!((above.total().get() - 1.001e-3).abs() < 1e-12);
    }

    #[test]
    fn the_fullest_rank_has_the_rounded_up_share() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(share(9, 8), 2.0) && near(share(0, 8), 0.0) && near(share(5, 0), 5.0));
    }
}
