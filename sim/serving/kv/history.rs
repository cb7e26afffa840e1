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
    fn known(&self, content: &[Extent], limit: u32) -> u32 {
        let mut known = 0;
        for run in clipped(content, limit) {
            let end = run.first + u64::from(run.pages);
            let mut page = run.first;
            while page < end {
                let Some(block) = self.0.get(&(page / BLOCK)) else { break };
                let word = block[(page % BLOCK / 64) as usize] >> (page % 64);
                let within = (64 - page % 64).min(end - page);
                let pages = u64::from(word.trailing_ones()).min(within);
                page += pages;
                if pages < within {
                    break;
                }
            }
            known += (page - run.first) as u32;
            if page < end {
                break;
            }
        }
        known
    }

    fn enter(&mut self, content: &[Extent], pages: u32) {
        for run in clipped(content, pages) {
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
}

/// The runs of the first `pages` pages of `content`.
fn clipped(content: &[Extent], pages: u32) -> impl Iterator<Item = Extent> {
    let mut left = pages;
    content.iter().map_while(move |run| {
        let pages = run.pages.min(left);
        left -= pages;
        (pages > 0 || run.pages == 0).then_some(Extent { pages, ..*run })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A path of a tree whose every node is a page: the number says which children were taken.
    /// Nodes that lie far apart are in blocks of their own.
    fn path(branches: &[u64], spread: u64) -> Vec<Extent> {
        let mut node = 1;
        branches
            .iter()
            .map(|branch| {
                node = node * 3 + branch;
                Extent { first: node * spread, pages: 1 }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn runs_say_what_a_boundless_tree_says(
            paths in prop::collection::vec((prop::collection::vec(0u64..3, 0..12), 0u32..13), 1..40),
            spread in 1u64..100,
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
