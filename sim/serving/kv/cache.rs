//! Page accounting on top of the tree.

use super::store::Piece;
use super::tree::{NodeId, Touch, Tree};
use crate::serving::Extent;
use crate::units::{SimSpan, SimTime};

/// The KV pages of one replica.
#[derive(Debug)]
pub struct KvCache {
    tree: Tree,
    capacity: u64,
    free: u64,
    ttl: Option<SimSpan>,
    touches: u64,
    evicted: u64,
    /// What was evicted and not asked for yet, if anybody asks.
    given_up: Option<Vec<Piece>>,
}

/// The pages one sequence holds: a pinned path of the tree, and private pages.
///
/// Not `Clone`: handing it to [`KvCache::release`] is the only way to give the pages up, so none
/// is freed twice.
#[derive(Debug, Default)]
#[must_use = "dropping a lease leaks its pages; pass it to `KvCache::release`"]
pub struct Lease {
    deepest: Option<NodeId>,
    shared: u32,
    private: u32,
}

impl Lease {
    /// Pages held, shared and private.
    pub const fn pages(&self) -> u32 {
        self.shared + self.private
    }

    /// Adds pages that were taken by [`KvCache::take`].
    pub(in crate::serving) fn receive(&mut self, pages: u32) {
        self.private += pages;
    }
}

/// Content that was computed, pinned until it has been copied elsewhere.
#[derive(Debug)]
pub struct Fresh {
    /// The content, of which the first pages are there.
    pub content: Vec<Extent>,
    /// What keeps them there.
    pub lease: Lease,
}

impl Fresh {
    /// Pins the first `pages` pages of `content`, as far as they are cached.
    pub(in crate::serving) fn pinned(
        kv: &mut KvCache,
        now: SimTime,
        content: &[Extent],
        pages: u32,
    ) -> Self {
        Self { content: content.to_vec(), lease: kv.acquire(now, content, pages) }
    }
}

impl KvCache {
    /// An empty cache of `capacity` pages whose unpinned content is forgotten after `ttl`.
    pub fn new(capacity: u64, ttl: Option<SimSpan>) -> Self {
        let (tree, free) = (Tree::default(), capacity);
        Self { tree, capacity, free, ttl, touches: 0, evicted: 0, given_up: None }
    }

    /// All pages.
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Pages a new lease could take, evicting what nobody holds.
    pub fn available(&self) -> u64 {
        self.free + self.tree.unpinned_pages()
    }

    /// Pages held by running sequences.
    pub fn held(&self) -> u64 {
        self.capacity - self.available()
    }

    /// Pages that hold content and that nobody holds.
    pub fn unheld(&self) -> u64 {
        self.tree.unpinned_pages()
    }

    /// Pages evicted for want of room so far.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Leases the longest cached prefix of `content`, at most `limit` pages.
    pub fn acquire(&mut self, now: SimTime, content: &[Extent], limit: u32) -> Lease {
        if let Some(deadline) = self.ttl.and_then(|ttl| now.before(ttl)) {
            self.free += self.tree.expire(deadline);
        }
        let (deepest, shared) = self.tree.find(content, (None, 0), limit);
        self.tree.pin(deepest);
        Lease { deepest, shared, private: 0 }
    }

    /// Pages of the longest cached prefix of `content`, at most `limit`, that a lease would find.
    /// Changes nothing.
    pub fn peek(&self, now: SimTime, content: &[Extent], limit: u32) -> u32 {
        let deadline = self.ttl.and_then(|ttl| now.before(ttl)).unwrap_or(SimTime::ZERO);
        self.tree.peek(content, limit, deadline)
    }

    /// Adds `pages` private pages to `lease`, evicting if it must.
    ///
    /// Changes nothing and returns false if there is no room.
    #[must_use]
    pub fn grow(&mut self, lease: &mut Lease, pages: u32) -> bool {
        let has_room = self.take(u64::from(pages));
        if has_room {
            lease.private += pages;
        }
        has_room
    }

    /// Takes `pages` private pages for leases that [`receive`](Lease::receive) them later, evicting
    /// if it must.
    ///
    /// Changes nothing and returns false if there is no room.
    #[must_use]
    #[inline]
    pub(in crate::serving) fn take(&mut self, pages: u64) -> bool {
        if pages > self.available() {
            return false;
        }
        if pages > self.free {
            self.evict(pages - self.free);
        }
        self.free -= pages;
        true
    }

    fn evict(&mut self, pages: u64) {
        let evicted = self.tree.evict(pages, self.given_up.as_mut());
        self.evicted += evicted;
        self.free += evicted;
    }

    /// Pages that can be taken without evicting any, if what is evicted matters.
    pub(in crate::serving) fn quiet(&self) -> u64 {
        if self.given_up.is_some() { self.free } else { self.available() }
    }

    /// From now on keeps account of what is evicted, for [`given_up`](Self::given_up).
    pub(in crate::serving) fn log_evictions(&mut self) {
        self.given_up.get_or_insert_default();
    }

    /// What was evicted since this was last asked.
    pub(in crate::serving) fn given_up(&mut self) -> Vec<Piece> {
        self.given_up.as_mut().map_or_else(Vec::new, |log| Piece::joined(std::mem::take(log)))
    }

    /// Whether unpinned content is forgotten after a time.
    pub(in crate::serving) fn forgets(&self) -> bool {
        self.ttl.is_some()
    }

    /// Publishes the first `pages` pages of `content`, which `lease` has computed, so that others
    /// can share them. What somebody else published meanwhile is shared, and ours is freed.
    pub fn publish(&mut self, now: SimTime, lease: &mut Lease, content: &[Extent], pages: u32) {
        let pages = pages.min(page_count(content));
        if pages <= lease.shared {
            return;
        }
        let (deepest, found) = self.tree.find(content, (lease.deepest, lease.shared), pages);
        let touch = self.touch(now);
        self.tree.pin(deepest);
        self.tree.unpin(lease.deepest, Some(touch));
        lease.deepest = self.tree.append(deepest, content, (found, pages), touch);
        self.free += u64::from(found - lease.shared);
        lease.private -= pages - lease.shared;
        lease.shared = pages;
    }

    /// Gives all pages of `lease` back: its private ones are free, its shared ones stay cached.
    #[expect(clippy::needless_pass_by_value, reason = "a lease is given up by moving it here")]
    pub fn release(&mut self, now: SimTime, lease: Lease) {
        let touch = self.touch(now);
        self.tree.unpin(lease.deepest, Some(touch));
        self.free += u64::from(lease.private);
    }

    /// Gives a lease back as if it had never been taken: nothing counts as used.
    #[expect(clippy::needless_pass_by_value, reason = "a lease is given up by moving it here")]
    pub fn cancel(&mut self, lease: Lease) {
        self.tree.unpin(lease.deepest, None);
        self.free += u64::from(lease.private);
    }

    /// How long unpinned content is kept, if not for ever.
    pub(in crate::serving) fn ttl(&self) -> Option<SimSpan> {
        self.ttl
    }

    /// Forgets everything; leases that are out become void.
    pub(in crate::serving) fn clear(&mut self) {
        self.tree = Tree::default();
        self.free = self.capacity;
        self.given_up.iter_mut().for_each(Vec::clear);
    }

    /// Has `capacity` pages from now on, all of them free; leases that are out become void.
    pub(in crate::serving) fn resize(&mut self, capacity: u64) {
        self.capacity = capacity;
        self.clear();
    }

    /// Asserts that no page is lost or counted twice, given the private pages of all leases.
    pub fn check(&self, private: u64) {
        self.tree.check();
        assert_eq!(self.free + self.tree.pages() + private, self.capacity, "pages are conserved");
    }

    fn touch(&mut self, now: SimTime) -> Touch {
        self.touches += 1;
        Touch { order: self.touches, time: now }
    }
}

/// Pages of `content` with a known identity.
pub(super) fn page_count(content: &[Extent]) -> u32 {
    content.iter().map(|extent| extent.pages).sum()
}
