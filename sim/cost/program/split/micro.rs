//! How a step divides into micro-batches.

use crate::cost::batch::{Batch, Decode, Prefill};
use crate::cost::work::Slice;

/// Micro-batches that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Alike {
    /// How many.
    pub(super) count: u32,
    /// One of them.
    pub(super) slice: Slice,
}

/// Divides `batch` over at most `lanes` micro-batches of at most `tokens` tokens each.
///
/// Decodes are dealt out evenly. Prompts fill micro-batch after micro-batch up to `tokens`, as
/// engines let them; those that have any have equally many. A prompt may go on from one to the
/// next, since a chunk needs its forerunner's KV of the same stage alone: each part reads what came
/// before it.
pub(super) fn divide(batch: &Batch, lanes: u32, tokens: u32) -> Vec<Alike> {
    let decodes = batch.decode.sequences;
    let room = tokens.saturating_sub(decodes.div_ceil(lanes)).max(1);
    let laden = batch.prefill.tokens.div_ceil(room).min(lanes);
    let count = decodes.min(lanes).max(laden).max(1);
    let (least, fuller) = (decodes / count, decodes % count);
    let mut found: Vec<Alike> = Vec::with_capacity(3);
    // Those that have a decode more come first, those with prompts last.
    let mut ends = [fuller, count - laden, count];
    ends.sort_unstable();
    let mut start = 0;
    for end in ends {
        if end > start {
            let sequences = least + u32::from(start < fuller);
            let parts = if start >= count - laden { laden } else { 0 };
            found.push(Alike { count: end - start, slice: slice(batch, sequences, parts) });
            start = end;
        }
    }
    found
}

/// A micro-batch of so many of the decodes and one of `parts` equal parts of the prompts, or none.
fn slice(batch: &Batch, sequences: u32, parts: u32) -> Slice {
    let all = batch.decode.sequences;
    let ended = batch.logits.saturating_sub(all);
    let prefill = if parts > 0 { part(&batch.prefill, parts) } else { Prefill::default() };
    let ends = if parts > 0 { ended.div_ceil(parts) } else { 0 };
    let decode =
        if sequences > 0 { Decode { sequences, ..batch.decode } } else { Decode::default() };
    Slice {
        batch: Batch { logits: sequences + ends, decode, prefill },
        decode_share: if all > 0 { f64::from(sequences) / f64::from(all) } else { 0.0 },
    }
}

/// One of `parts` equal parts of the prompts, of which as few as can be are cut.
fn part(whole: &Prefill, parts: u32) -> Prefill {
    if parts == 1 {
        return *whole;
    }
    // Where there are fewer chunks than parts, each is cut into several.
    let cuts = f64::from(parts.max(whole.chunks)) / f64::from(whole.chunks.max(1));
    Prefill { chunks: whole.chunks.div_ceil(parts), ..pieces(whole, parts, cuts) }
}

/// Half of the prompts: one of the halves of each.
pub(super) fn half(whole: &Prefill) -> Prefill {
    pieces(whole, 2, 2.0)
}

/// One of `parts` equal parts of the prompts, each of which is cut into `cuts` pieces. A piece
/// reads what is before it.
fn pieces(whole: &Prefill, parts: u32, cuts: f64) -> Prefill {
    let (all, new) = (f64::from(parts), f64::from(whole.tokens));
    let keys = |context: u64, clip: Option<u32>| {
        let past = (context as f64 - new).max(0.0);
        let own = (cuts - 1.0) * 0.5 * new;
        let most = clip
            .map_or(f64::INFINITY, |clip| (cuts - 1.0) * f64::from(whole.chunks) * f64::from(clip));
        libm::ceil((cuts * past + own.min(most) + new) / all) as u64
    };
    let mut part = Prefill {
        tokens: whole.tokens.div_ceil(parts),
        pairs: whole.pairs.div_ceil(u64::from(parts)),
        context: keys(whole.context, None),
        ..*whole
    };
    for clip in 0..whole.clipped_pairs.len() {
        part.clipped_pairs[clip] = whole.clipped_pairs[clip].div_ceil(u64::from(parts));
        // A clip length is at least the mean of what a query sees under it.
        let seen = whole.clipped_pairs[clip] as f64 / new.max(1.0);
        part.clipped_context[clip] =
            keys(whole.clipped_context[clip], Some(libm::ceil(seen) as u32));
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(decodes: u32, prompt: u32) -> Batch {
        let mut batch = Batch::decoding(decodes, 1000, &[]);
        if prompt > 0 {
            batch.prefill.add(0, prompt, &[]);
            batch.logits += 1;
        }
        batch
    }

    fn shapes(batch: &Batch, lanes: u32, tokens: u32) -> Vec<(u32, u32, u32)> {
        let of = |alike: &Alike| {
            let Slice { batch, .. } = alike.slice;
            (alike.count, batch.decode.sequences, batch.prefill.tokens)
        };
        divide(batch, lanes, tokens).iter().map(of).collect()
    }

    #[test]
    fn decodes_are_dealt_out_and_prompts_fill_one_after_another() {
        assert_eq!(shapes(&batch(8, 0), 4, 2048), [(4, 2, 0)]);
        assert_eq!(shapes(&batch(10, 0), 4, 2048), [(2, 3, 0), (2, 2, 0)]);
        assert_eq!(shapes(&batch(3, 0), 4, 2048), [(3, 1, 0)]);
        assert_eq!(shapes(&batch(8, 1000), 4, 2048), [(3, 2, 0), (1, 2, 1000)]);
        assert_eq!(shapes(&batch(9, 4000), 4, 2048), [(1, 3, 0), (1, 2, 0), (2, 2, 2000)]);
        assert_eq!(shapes(&batch(1, 6000), 4, 2048), [(1, 1, 2000), (2, 0, 2000)]);
        assert_eq!(shapes(&batch(0, 8192), 4, 2048), [(4, 0, 2048)]);
        assert_eq!(shapes(&batch(5, 700), 1, 2048), [(1, 5, 700)]);
    }

    #[test]
    fn nothing_is_lost_and_a_prompt_that_is_cut_reads_itself_again() {
        let whole = batch(10, 6000);
        let parts = divide(&whole, 4, 2048);
        let share: f64 = parts.iter().map(|a| f64::from(a.count) * a.slice.decode_share).sum();
        assert!((share - 1.0).abs() < 1e-12);
        let sum = |of: fn(&Batch) -> u64| {
            parts.iter().map(|a| u64::from(a.count) * of(&a.slice.batch)).sum::<u64>()
        };
        assert_eq!(sum(|b| u64::from(b.decode.sequences)), 10);
        assert_eq!(sum(|b| u64::from(b.prefill.tokens)), 6000);
        assert!(sum(|b| b.prefill.pairs).abs_diff(whole.prefill.pairs) <= 4);
        // Three chunks of 2,000 end at 2,000, 4,000 and 6,000.
        assert_eq!(sum(|b| b.prefill.context), 12_000);
    }

    #[test]
    fn one_lane_is_the_whole() {
        let whole = batch(7, 300);
        let [only] = divide(&whole, 1, 64)[..] else { panic!("one") };
        assert_eq!(only, Alike { count: 1, slice: Slice::whole(&whole) });
    }
}
