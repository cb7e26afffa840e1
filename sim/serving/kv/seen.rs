//! A set of page identities, a bit each.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::serving::Extent;

/// Page identities that were seen.
///
/// An identity stands for all that comes before it too, so whoever has seen a page has seen its
/// prefix: no tree is needed. Where all pages of a group were seen, as they are where identities
/// are handed out one after another, runs of such groups say so and their bits are gone.
#[derive(Debug, Default)]
pub(in crate::serving) struct Seen {
    /// Groups of which every page was seen, as runs: the first, and the one after the last.
    whole: BTreeMap<u64, u64>,
    /// Others of which any was.
    parts: FxHashMap<u64, Group>,
}

/// A bit a page.
type Block = [u64; WORDS];

const WORDS: usize = 4;

/// Pages of a block.
const BLOCK: u64 = 64 * WORDS as u64;

/// Blocks of a group.
const BLOCKS: u64 = 64;

/// Consecutive blocks, of which those are there that have a page: a bit each in `has`.
#[derive(Debug, Default)]
struct Group {
    has: u64,
    blocks: Vec<Block>,
}

impl Seen {
    /// The longest known prefix of `content`, in pages, at most `limit`.
    ///
    /// Looks from the end: of a context that grew all but the last pages were seen.
    pub(super) fn known(&self, content: &[Extent], limit: u32) -> u32 {
        let seen = |(before, run)| match self.seen(run) {
            0 => None,
            pages => Some(before + pages),
        };
        from_the_end(content, limit).find_map(seen).unwrap_or(0)
    }

    /// Enters the first `pages` pages of `content`.
    ///
    /// The last pages first: all that come before one that was seen were seen, too.
    pub(super) fn enter(&mut self, content: &[Extent], pages: u32) {
        for (_, run) in from_the_end(content, pages) {
            let seen = self.seen(run);
            let new = Extent { first: run.first + u64::from(seen), pages: run.pages - seen };
            self.enter_run(new);
            if seen > 0 {
                break;
            }
        }
    }

    /// How many pages of `run` were seen: those up to the last that was.
    fn seen(&self, run: Extent) -> u32 {
        let mut end = run.first + u64::from(run.pages);
        while end > run.first {
            let start = run.first.max((end - 1) / BLOCK * BLOCK);
            if let Some(last) = self.last_in(start, end) {
                return (last + 1 - run.first) as u32;
            }
            end = start;
        }
        0
    }

    /// The last page of `start..end`, which lie in one block, that was seen.
    fn last_in(&self, start: u64, end: u64) -> Option<u64> {
        let block = start / BLOCK;
        if self.is_whole(block / BLOCKS) {
            return Some(end - 1);
        }
        let block = self.parts.get(&(block / BLOCKS))?.block(block % BLOCKS)?;
        last_of(block, start, end)
    }

    fn is_whole(&self, group: u64) -> bool {
        let before = || self.whole.range(..=group).next_back();
        !self.whole.is_empty() && before().is_some_and(|(_, &end)| group < end)
    }

    fn enter_run(&mut self, run: Extent) {
        let end = run.first + u64::from(run.pages);
        let mut page = run.first;
        while page < end {
            let block = page / BLOCK;
            let block_end = end.min((block + 1) * BLOCK);
            if !self.is_whole(block / BLOCKS) {
                let group = self.parts.entry(block / BLOCKS).or_default();
                if group.enter(block % BLOCKS, page, block_end) {
                    self.complete(block / BLOCKS);
                }
            }
            page = block_end;
        }
    }

    /// Notes that every page of a group was seen.
    fn complete(&mut self, group: u64) {
        self.parts.remove(&group);
        let end = self.whole.remove(&(group + 1)).unwrap_or(group + 1);
        let before = self.whole.range(..group).next_back().filter(|&(_, &end)| end == group);
        let first = before.map_or(group, |(&first, _)| first);
        self.whole.insert(first, end);
    }
}

impl Group {
    /// A block by its index, if it has a page.
    fn block(&self, index: u64) -> Option<&Block> {
        (self.has >> index & 1 == 1).then(|| &self.blocks[self.place(index)])
    }

    /// Where a block is, or would be.
    fn place(&self, index: u64) -> usize {
        let before = (1 << index) - 1;
        // Most come in order, so that none is missing before it.
        if self.has & before == before {
            return index as usize;
        }
        (self.has & before).count_ones() as usize
    }

    /// Enters pages `page..end` of the block `index`. Returns whether that made the group whole.
    fn enter(&mut self, index: u64, mut page: u64, end: u64) -> bool {
        let place = self.place(index);
        if self.has >> index & 1 == 0 {
            self.has |= 1 << index;
            // There are many groups: none has more room than it needs.
            self.blocks.reserve_exact(1);
            self.blocks.insert(place, Block::default());
        }
        let block = &mut self.blocks[place];
        while page < end {
            let pages = (64 - page % 64).min(end - page);
            let bits = u64::MAX >> (64 - pages);
            block[(page % BLOCK / 64) as usize] |= bits << (page % 64);
            page += pages;
        }
        let is_whole = |block: &Block| *block == [u64::MAX; WORDS];
        is_whole(block) && self.has == u64::MAX && self.blocks.iter().all(is_whole)
    }
}

/// The last page of `start..end`, which lie in `block`, that it has.
fn last_of(block: &Block, start: u64, mut end: u64) -> Option<u64> {
    while end > start {
        let word = (end - 1) / 64 * 64;
        let above = u64::MAX >> (63 - (end - 1) % 64);
        let below = u64::MAX << start.saturating_sub(word);
        let bits = block[(word % BLOCK / 64) as usize] & above & below;
        if bits != 0 {
            return Some(word + u64::from(bits.ilog2()));
        }
        end = word;
    }
    None
}

/// The runs of the first `pages` pages of `content`, the last first, each with the pages before it.
fn from_the_end(content: &[Extent], pages: u32) -> impl Iterator<Item = (u32, Extent)> {
    let mut before = 0;
    let begins_within = |run: &&Extent| {
        let begins = before < pages;
        before += if begins { run.pages } else { 0 };
        begins
    };
    let runs = content.iter().take_while(begins_within).count();
    let mut beyond = before.saturating_sub(pages);
    content[..runs].iter().rev().map(move |run| {
        before -= run.pages;
        (before, Extent { pages: run.pages - std::mem::take(&mut beyond), ..*run })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn identities_one_after_another_take_no_room() {
        let mut seen = Seen::default();
        for first in (0..1_000_000).step_by(50) {
            seen.enter(&[Extent { first, pages: 50 }], 50);
        }
        assert_eq!(seen.whole.len(), 1);
        assert!(seen.parts.len() <= 1, "{} groups", seen.parts.len());
        assert_eq!(seen.known(&[Extent { first: 999_000, pages: 2000 }], 2000), 1000);
    }

    proptest! {
        #[test]
        fn a_set_is_a_set(
            runs in prop::collection::vec((0u64..3 * BLOCKS * BLOCK, 1u32..20_000), 1..30),
            asked in prop::collection::vec((0u64..4 * BLOCKS * BLOCK, 1u32..600), 1..50),
        ) {
            let (mut seen, mut plain) = (Seen::default(), BTreeSet::new());
            for (first, pages) in runs {
                seen.enter_run(Extent { first, pages });
                plain.extend(first..first + u64::from(pages));
            }
            for (first, pages) in asked {
                let end = first + u64::from(pages);
                let last = plain.range(first..end).next_back();
                let expected = last.map_or(0, |last| (last + 1 - first) as u32);
                prop_assert_eq!(seen.seen(Extent { first, pages }), expected);
            }
        }
    }
}
