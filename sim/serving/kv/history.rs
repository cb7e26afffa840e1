//! What was ever in the cache: tells a capacity miss from a first sight.

use super::cache::{KvCache, page_count};
use super::seen::Seen;
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

    /// Enters the first `pages` pages of `content`, the first `entered` of which were before.
    pub(in crate::serving) fn enter(
        &mut self,
        now: SimTime,
        content: &[Extent],
        (entered, pages): (u32, u32),
    ) {
        match self {
            Self::Lasting(_) if pages.min(page_count(content)) <= entered => {}
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
                seen.enter(now, &content, (0, pages));
                tree.enter(now, &content, (0, pages));
            }
        }
    }
}
