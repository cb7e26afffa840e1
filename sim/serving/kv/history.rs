//! What was ever in the cache: tells a capacity miss from a first sight.

use rustc_hash::FxHashMap;

use super::cache::KvCache;
use crate::serving::Extent;
use crate::units::{SimSpan, SimTime};

/// A cache with room for everything.
#[derive(Debug)]
pub(in crate::serving) enum History {
    /// Nothing is ever forgotten: which pages there were says it all.
    Lasting(Seen),
    /// Unused content is forgotten after a time, as the cache itself forgets it.
    Fading(KvCache),
}

/// A set of page identities, a bit each, in blocks of [`BLOCK`].
///
/// An identity stands for all that comes before it too, so whoever has seen a page has seen its
/// prefix: no tree is needed.
#[derive(Debug, Default)]
pub(in crate::serving) struct Seen(FxHashMap<u64, [u64; WORDS]>);

const WORDS: usize = 4;
const BLOCK: u64 = 64 * WORDS as u64;

impl History {
    /// Nothing yet; unused content is forgotten after `ttl`.
    pub(in crate::serving) fn new(ttl: Option<SimSpan>) -> Self {
        match ttl {
            None => Self::Lasting(Seen::default()),
            Some(_) => Self::Fading(KvCache::new(u64::MAX / 2, ttl)),
        }
    }

    /// The longest known prefix of `content`, in pages, at most `limit`.
    pub(in crate::serving) fn known(
        &mut self,
        now: SimTime,
        content: &[Extent],
        limit: u32,
    ) -> u32 {
        match self {
            Self::Lasting(seen) => seen.known(content, limit),
            Self::Fading(cache) => {
                let lease = cache.acquire(now, content, limit);
                let pages = lease.pages();
                cache.cancel(lease);
                pages
            }
        }
    }

    /// Enters the first `pages` pages of `content`.
    pub(in crate::serving) fn enter(&mut self, now: SimTime, content: &[Extent], pages: u32) {
        match self {
            Self::Lasting(seen) => seen.enter(content, pages),
            Self::Fading(cache) => {
                let mut lease = cache.acquire(now, content, pages);
                let missing = pages - lease.pages();
                let has_room = cache.grow(&mut lease, missing);
                debug_assert!(has_room, "the boundless cache has room");
                cache.publish(now, &mut lease, content, pages);
                cache.release(now, lease);
            }
        }
    }
}

impl Seen {
    /// Looks from the end: of a context that grew all but the last pages were seen.
    fn known(&self, content: &[Extent], limit: u32) -> u32 {
        let seen = |(before, run)| match self.seen(run) {
            0 => None,
            pages => Some(before + pages),
        };
        from_the_end(content, limit).find_map(seen).unwrap_or(0)
    }

    /// Enters the last pages first: all that come before one that was seen were seen, too.
    fn enter(&mut self, content: &[Extent], pages: u32) {
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
            let last = self.0.get(&(start / BLOCK)).and_then(|block| last_in(block, start, end));
            if let Some(last) = last {
                return (last + 1 - run.first) as u32;
            }
            end = start;
        }
        0
    }

    fn enter_run(&mut self, run: Extent) {
        let end = run.first + u64::from(run.pages);
        let mut page = run.first;
        while page < end {
            let block = self.0.entry(page / BLOCK).or_default();
            let block_end = end.min((page / BLOCK + 1) * BLOCK);
            while page < block_end {
                let pages = (64 - page % 64).min(block_end - page);
                let bits = u64::MAX >> (64 - pages);
                block[(page % BLOCK / 64) as usize] |= bits << (page % 64);
                page += pages;
            }
        }
    }
}

/// The last page of `start..end`, which lie in `block`, that it has.
fn last_in(block: &[u64; WORDS], start: u64, mut end: u64) -> Option<u64> {
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
    use proptest::prelude::*;

    use super::*;

    /// A path of a tree whose every node is three pages: the number says which children were taken.
    /// Nodes that lie far apart are in blocks of their own.
    fn path(branches: &[u64], spread: u64) -> Vec<Extent> {
        let mut node = 1;
        branches
            .iter()
            .map(|branch| {
                node = node * 3 + branch;
                Extent { first: node * spread, pages: 3 }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn runs_say_what_a_boundless_tree_says(
            paths in prop::collection::vec(
                (prop::collection::vec(0u64..3, 0..12), 0u32..37),
                1..40,
            ),
            spread in 3u64..100,
        ) {
            let now = SimTime::ZERO;
            let mut seen = History::new(None);
            let mut tree = History::new(Some(SimSpan::from_ms(1)));
            for (branches, pages) in paths {
                let content = path(&branches, spread);
                let known = seen.known(now, &content, pages);
                prop_assert_eq!(known, tree.known(now, &content, pages));
                seen.enter(now, &content, pages);
                tree.enter(now, &content, pages);
            }
        }
    }
}
