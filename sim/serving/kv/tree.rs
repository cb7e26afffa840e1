//! The radix tree of extents and its eviction order.

use rustc_hash::FxHashMap;

use super::cursor::Cursor;
use super::order::{Entry, EvictionOrder};
use super::store::Piece;
use crate::serving::Extent;
use crate::units::SimTime;

/// Index of a node in the tree's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

/// When a node was last touched: an ever-growing counter, and the clock for time-to-live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Touch {
    pub(super) order: u64,
    pub(super) time: SimTime,
}

/// A run of cached pages with one parent, one pin count and one touch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    extent: Extent,
    parent: Option<NodeId>,
    children: u32,
    pins: u32,
    touch: Touch,
}

/// All cached content.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    vacant: Vec<NodeId>,
    /// Child by parent and the identity of its first page.
    children: FxHashMap<(Option<NodeId>, u64), NodeId>,
    /// Unpinned leaves, and how many there are.
    order: EvictionOrder,
    evictable: usize,
    pages: u64,
    unpinned_pages: u64,
}

impl Tree {
    /// Pages in the tree.
    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    /// Pages that no running sequence holds.
    pub(super) fn unpinned_pages(&self) -> u64 {
        self.unpinned_pages
    }

    /// Finds the longest cached prefix of `content`, at most `limit` pages, and makes it end at a
    /// node boundary. Returns the deepest node and the length in pages. Of the prefix, `known` is
    /// known: a node, and the pages that end there.
    pub(super) fn find(
        &mut self,
        content: &[Extent],
        known: (Option<NodeId>, u32),
        limit: u32,
    ) -> (Option<NodeId>, u32) {
        let (mut deepest, mut found) = known;
        let mut cursor = Cursor::new(content, limit);
        cursor.skip(found);
        while let Some(page) = cursor.page() {
            let Some(&node) = self.children.get(&(deepest, page)) else { break };
            let matched = cursor.advance_along(self[node].extent);
            found += matched;
            let whole = self[node].extent.pages;
            deepest = Some(if matched < whole { self.split(node, matched) } else { node });
            if matched < whole {
                break;
            }
        }
        (deepest, found)
    }

    /// Pages of the longest cached prefix of `content`, at most `limit`, without what is unpinned
    /// and was last touched before `deadline`.
    pub(super) fn peek(&self, content: &[Extent], limit: u32, deadline: SimTime) -> u32 {
        let mut deepest = None;
        let mut found = 0;
        let mut cursor = Cursor::new(content, limit);
        while let Some(page) = cursor.page() {
            let Some(&id) = self.children.get(&(deepest, page)) else { break };
            let node = &self[id];
            if node.pins == 0 && node.touch.time < deadline {
                break;
            }
            let matched = cursor.advance_along(node.extent);
            found += matched;
            if matched < node.extent.pages {
                break;
            }
            deepest = Some(id);
        }
        found
    }

    /// Adds the pages of `content` in `[from, to)` below `parent`, pinned once, and pins the rest
    /// of the path no further. Returns the deepest node.
    pub(super) fn append(
        &mut self,
        parent: Option<NodeId>,
        content: &[Extent],
        (from, to): (u32, u32),
        touch: Touch,
    ) -> Option<NodeId> {
        let mut deepest = parent;
        let mut cursor = Cursor::new(content, to);
        cursor.skip(from);
        while let Some(extent) = cursor.take_run() {
            if let Some(parent) = deepest {
                self.unlist(parent);
                self[parent].children += 1;
            }
            let node = Node { extent, parent: deepest, children: 0, pins: 1, touch };
            deepest = Some(self.insert(node));
            self.pages += u64::from(extent.pages);
        }
        deepest
    }

    /// Pins the path from `deepest` to the root once more.
    pub(super) fn pin(&mut self, deepest: Option<NodeId>) {
        let mut next = deepest;
        while let Some(id) = next {
            self.unlist(id);
            let node = &mut self[id];
            node.pins += 1;
            next = node.parent;
            if node.pins == 1 {
                self.unpinned_pages -= u64::from(self[id].extent.pages);
            }
        }
    }

    /// Unpins the path from `deepest` to the root, and touches all of it if told when.
    pub(super) fn unpin(&mut self, deepest: Option<NodeId>, touch: Option<Touch>) {
        let mut next = deepest;
        while let Some(id) = next {
            let node = &mut self[id];
            node.pins -= 1;
            node.touch = touch.unwrap_or(node.touch);
            next = node.parent;
            if node.pins == 0 {
                self.unpinned_pages += u64::from(self[id].extent.pages);
            }
            self.list(id);
        }
        self.merge_path(deepest);
    }

    /// Removes up to `wanted` pages, least recently touched first, tails before heads, and notes
    /// them in `log`, if there is one.
    pub(super) fn evict(&mut self, wanted: u64, mut log: Option<&mut Vec<Piece>>) -> u64 {
        let mut evicted = 0;
        while evicted < wanted {
            let Some(id) = self.next_evicted() else { break };
            let pages = u64::from(self[id].extent.pages);
            if let Some(log) = &mut log {
                let cut = pages.min(wanted - evicted) as u32;
                let whole = self.piece(id);
                log.push(whole.part(whole.end() - u64::from(cut), whole.end()));
            }
            if pages > wanted - evicted {
                let cut = (wanted - evicted) as u32;
                self[id].extent.pages -= cut;
                self.pages -= u64::from(cut);
                self.unpinned_pages -= u64::from(cut);
                evicted = wanted;
            } else {
                self.remove(id);
                evicted += pages;
            }
        }
        evicted
    }

    /// The pages of a node, and how many lie before them.
    fn piece(&self, id: NodeId) -> Piece {
        let Extent { first, pages } = self[id].extent;
        let before = std::iter::successors(self[id].parent, |&id| self[id].parent);
        let depth = before.map(|id| self[id].extent.pages).sum();
        Piece { first, pages, depth }
    }

    /// Removes every unpinned page last touched before `deadline`. Returns how many.
    pub(super) fn expire(&mut self, deadline: SimTime) -> u64 {
        let mut expired = 0;
        while let Some(id) = self.next_evicted() {
            if self[id].touch.time >= deadline {
                break;
            }
            expired += u64::from(self[id].extent.pages);
            self.remove(id);
        }
        expired
    }

    /// Asserts the invariants; for tests and debugging.
    pub(super) fn check(&self) {
        let mut pages = 0;
        let mut unpinned = 0;
        let evictable = self.order.holding(|entry| holds(&self.nodes, entry));
        assert_eq!(evictable.len(), self.evictable, "every evictable leaf is in the order");
        for &id in self.children.values() {
            let node = &self[id];
            pages += u64::from(node.extent.pages);
            unpinned += if node.pins == 0 { u64::from(node.extent.pages) } else { 0 };
            if let Some(parent) = node.parent.map(|parent| &self[parent]) {
                assert!(parent.pins >= node.pins, "a parent is pinned as often as its child");
                assert!(parent.pins > 0 || parent.touch >= node.touch, "children are older");
            }
            let listed = evictable.binary_search(&(node.touch.order, id)).is_ok();
            assert_eq!(listed, node.pins == 0 && node.children == 0, "leaves are evictable");
        }
        assert_eq!((pages, unpinned), (self.pages, self.unpinned_pages));
    }

    /// Cuts `node` after `pages` pages. The head becomes a new node, the tail keeps the identity,
    /// so that leases on the tail stay valid. Returns the head.
    fn split(&mut self, tail: NodeId, pages: u32) -> NodeId {
        let node = self[tail];
        let extent = Extent { first: node.extent.first, pages };
        let head = self.insert(Node { extent, children: 1, ..node });
        let first = node.extent.first + u64::from(pages);
        self[tail].parent = Some(head);
        self[tail].extent = Extent { first, pages: node.extent.pages - pages };
        self.children.insert((Some(head), first), tail);
        head
    }

    /// Joins parents with their only child where nothing tells the two apart.
    fn merge_path(&mut self, deepest: Option<NodeId>) {
        let mut next = deepest;
        while let Some(child) = next {
            let Some(parent) = self[child].parent else { break };
            if self.is_mergeable(parent, child) {
                self.merge(parent, child);
            } else {
                next = Some(parent);
            }
        }
    }

    fn is_mergeable(&self, parent: NodeId, child: NodeId) -> bool {
        let (parent, child) = (&self[parent], &self[child]);
        parent.children == 1
            && parent.pins == child.pins
            && parent.touch == child.touch
            && parent.extent.first + u64::from(parent.extent.pages) == child.extent.first
    }

    /// Puts `parent`'s pages in front of `child`'s, which keeps its identity.
    fn merge(&mut self, parent: NodeId, child: NodeId) {
        let head = self[parent];
        self.children.remove(&(Some(parent), self[child].extent.first));
        let node = &mut self[child];
        node.parent = head.parent;
        node.extent =
            Extent { first: head.extent.first, pages: head.extent.pages + node.extent.pages };
        self.children.insert((head.parent, head.extent.first), child);
        self.vacate(parent);
    }

    fn insert(&mut self, node: Node) -> NodeId {
        let key = (node.parent, node.extent.first);
        let id = if let Some(id) = self.vacant.pop() {
            self[id] = node;
            id
        } else {
            self.nodes.push(node);
            NodeId((self.nodes.len() - 1) as u32)
        };
        self.children.insert(key, id);
        id
    }

    /// Removes an evictable leaf.
    fn remove(&mut self, id: NodeId) {
        self.unlist(id);
        let Node { extent, parent, .. } = self[id];
        self.children.remove(&(parent, extent.first));
        self.vacate(id);
        self.pages -= u64::from(extent.pages);
        self.unpinned_pages -= u64::from(extent.pages);
        if let Some(parent) = parent {
            self[parent].children -= 1;
            self.list(parent);
        }
    }

    /// Gives a node's place free; its entries in the eviction order hold no more.
    fn vacate(&mut self, id: NodeId) {
        self[id].touch.order = u64::MAX;
        self.vacant.push(id);
    }

    /// The leaf that is to go first.
    fn next_evicted(&mut self) -> Option<NodeId> {
        self.order.first(|entry| holds(&self.nodes, entry))
    }

    /// Enters `id` in the eviction order if it may go.
    fn list(&mut self, id: NodeId) {
        if self[id].is_evictable() {
            self.evictable += 1;
            let entry = (self[id].touch.order, id);
            self.order.enter(entry, self.evictable, |entry| holds(&self.nodes, entry));
        }
    }

    /// Says that `id` is about to stay, or to be touched anew.
    fn unlist(&mut self, id: NodeId) {
        self.evictable -= usize::from(self[id].is_evictable());
    }
}

impl Node {
    fn is_evictable(&self) -> bool {
        self.pins == 0 && self.children == 0
    }
}

/// Whether an entry of the eviction order still says what its node is.
fn holds(nodes: &[Node], (order, id): Entry) -> bool {
    let node = &nodes[id.0 as usize];
    node.touch.order == order && node.is_evictable()
}

impl std::ops::Index<NodeId> for Tree {
    type Output = Node;
    fn index(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }
}

impl std::ops::IndexMut<NodeId> for Tree {
    fn index_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }
}
