//! The stores, what is on its way to them, and what comes back.

use std::collections::BTreeMap;

use super::figures::{StoreFigures, Tally, TierFigures};
use super::flow::{Cargo, Flow, Moved, PinId, Traffic};
use super::tiering::{Place, Tiering, Writing};
use super::wiring::{End, Wiring};
use crate::des::Links;
use crate::serving::RequestId;
use crate::serving::kv::{Fresh, Lease, Piece, Ranges, Store, pieces};
use crate::units::{Bytes, SimTime};

/// All stores below the HBM of a fleet.
#[derive(Debug)]
pub(in crate::cluster) struct Hierarchy {
    pub(super) tiering: Tiering,
    /// By tier, then by replica; the pool is one.
    shelves: Vec<Vec<Shelf>>,
    pub(super) traffic: Traffic,
    /// Requests that wait for pages, by replica.
    pub(super) loads: BTreeMap<(usize, RequestId), Waiting>,
    /// Contexts that are fetched ahead, by replica, and their flows.
    pub(super) aheads: BTreeMap<(usize, u64), u32>,
    /// What is kept in HBM until it has been copied.
    pins: BTreeMap<PinId, Pin>,
    next_pin: PinId,
    pub(super) tally: Tally,
}

/// A store and the pages that are on their way to it.
#[derive(Debug)]
struct Shelf {
    store: Store,
    coming: Ranges,
}

/// A request whose pages are on their way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) since: SimTime,
    /// Flows that have not ended.
    pub(super) flows: u32,
}

/// Pages that a group of a replica keeps in HBM.
#[derive(Debug)]
struct Pin {
    member: usize,
    rank: usize,
    lease: Lease,
    /// Copies that are on their way.
    flows: u32,
}

/// What has come to its end.
#[derive(Debug)]
pub(in crate::cluster) enum Arrival {
    /// All pages that a request fetched are in HBM.
    Loaded(RequestId),
    /// All pages that were fetched ahead under this number are in HBM.
    Ahead(u64),
    /// A group of ranks need not keep pages in HBM any more.
    Copied {
        /// Its number in the replica.
        rank: usize,
        /// The pages.
        lease: Lease,
    },
}

impl Hierarchy {
    /// Empty stores for `members` replicas.
    pub(in crate::cluster) fn new(tiering: Tiering, members: usize) -> Self {
        let shelves = tiering.tiers.iter().map(|tier| {
            let store = Store::new(tiering.pages(tier), tier.eviction, tier.ttl);
            let count = if tier.place.is_shared() { 1 } else { members };
            let shelf = || Shelf { store: store.clone(), coming: Ranges::default() };
            (0..count).map(|_| shelf()).collect()
        });
        let shelves: Vec<_> = shelves.collect();
        let mut links = Links::default();
        let wiring = Wiring::new(&tiering, members, &mut links);
        Self {
            tally: Tally::new(shelves.len()),
            shelves,
            traffic: Traffic::new(links, wiring),
            tiering,
            loads: BTreeMap::new(),
            aheads: BTreeMap::new(),
            pins: BTreeMap::new(),
            next_pin: 0,
        }
    }

    /// How it was asked for.
    pub(in crate::cluster) fn tiering(&self) -> &Tiering {
        &self.tiering
    }

    /// Copies what a group of `member` has computed to every store that lacks it. Returns what
    /// keeps it in HBM if nothing needs to be copied.
    pub(in crate::cluster) fn copy(
        &mut self,
        now: SimTime,
        (member, rank): (usize, usize),
        fresh: Fresh,
    ) -> Option<Lease> {
        let Fresh { content, lease } = fresh;
        let (pin, to) = (self.next_pin, lease.pages());
        let mut flows = 0;
        for tier in 0..self.shelves.len() {
            let all: Vec<_> = pieces(&content, 0, to).collect();
            self.shelf(tier, member).store.touch(now, &content, to);
            let missing = self.missing(tier, member, &all);
            if !missing.is_empty() {
                flows += 1;
                self.send_copy(now, (member, None, tier), missing, Some(pin));
            }
        }
        if flows == 0 {
            return Some(lease);
        }
        self.next_pin = self.next_pin.wrapping_add(1);
        self.pins.insert(pin, Pin { member, rank, lease, flows });
        None
    }

    /// Takes in what `member` has evicted from HBM.
    pub(in crate::cluster) fn take_in(&mut self, now: SimTime, member: usize, pieces: &[Piece]) {
        self.pass_down(now, (member, None, 0), pieces);
    }

    /// Puts content at once where it would have come to lie in an earlier life.
    pub(in crate::cluster) fn settle(&mut self, now: SimTime, member: usize, pieces: &[Piece]) {
        let mut coming = pieces.to_vec();
        for tier in 0..self.shelves.len() {
            let missing = self.missing(tier, member, &coming);
            let evicted = self.shelf(tier, member).store.insert(now, &missing);
            if self.tiering.writing == Writing::Back {
                coming = evicted;
            }
        }
    }

    /// Notes what moves from now on.
    pub(in crate::cluster) fn keep_steps(&mut self) {
        self.traffic.keep_steps();
    }

    /// What has become of what moves since the last time.
    pub(in crate::cluster) fn take_steps(&mut self) -> Vec<(SimTime, Moved)> {
        self.traffic.take_steps()
    }

    /// When something next happens by itself.
    pub(in crate::cluster) fn next_time(&self) -> Option<SimTime> {
        self.traffic.next_time()
    }

    /// Lets it happen; returns what has come to its end, by replica.
    pub(in crate::cluster) fn advance(&mut self, now: SimTime) -> Vec<(usize, Arrival)> {
        let mut arrivals = Vec::new();
        for Flow { member, cargo, .. } in self.traffic.advance(now) {
            let arrival = match cargo {
                Cargo::Load { id } => self.loaded(now, member, id),
                Cargo::Ahead { number } => self.ahead_ended(member, number),
                Cargo::Copy { tier, pieces, pin } => {
                    self.store(now, (member, tier), &pieces);
                    pin.and_then(|pin| self.copied(pin))
                }
            };
            arrivals.extend(arrival.map(|arrival| (member, arrival)));
        }
        arrivals
    }

    /// Forgets what lies in the box of a replica that failed, and what was on its way there or
    /// from there.
    pub(in crate::cluster) fn fail(&mut self, now: SimTime, member: usize) {
        for flow in self.traffic.cancel(now, |flow| flow.member == member) {
            if let Cargo::Copy { tier, pieces, .. } = flow.cargo {
                let shelf = self.shelf(tier, member);
                for piece in &pieces {
                    shelf.coming.remove(piece);
                }
            }
        }
        self.loads.retain(|&(whose, _), _| whose != member);
        self.aheads.retain(|&(whose, _), _| whose != member);
        self.pins.retain(|_, pin| pin.member != member);
        for tier in 0..self.shelves.len() {
            if !self.tiering.tiers[tier].place.is_shared() {
                self.shelf(tier, member).store.clear();
            }
        }
    }

    /// Forgets what was measured.
    pub(in crate::cluster) fn reset(&mut self) {
        self.tally = Tally::new(self.shelves.len());
    }

    /// What was measured since the last reset.
    pub(in crate::cluster) fn figures(&self) -> TierFigures {
        let stores = self.tiering.tiers.iter().zip(&self.shelves).enumerate();
        let stores = stores.map(|(index, (tier, shelves))| {
            let sum = |of: fn(&Store) -> u64| shelves.iter().map(|shelf| of(&shelf.store)).sum();
            StoreFigures {
                place: tier.place,
                count: shelves.len() as u32,
                pages: sum(Store::capacity),
                used_pages: sum(Store::used),
                evicted_pages: sum(Store::evicted),
                hit_pages: self.tally.hit_pages[index],
                read: self.tally.read[index],
                written: self.tally.written[index],
            }
        });
        TierFigures { stores: stores.collect(), fetches: self.tally.fetches() }
    }

    /// Pages of the stores of one replica.
    pub(in crate::cluster) fn own_pages(&self) -> u64 {
        self.pages_where(false)
    }

    /// Pages of the store that all share.
    pub(in crate::cluster) fn shared_pages(&self) -> u64 {
        self.pages_where(true)
    }

    fn pages_where(&self, is_shared: bool) -> u64 {
        let tiers = self.tiering.tiers.iter().filter(|tier| tier.place.is_shared() == is_shared);
        tiers.map(|tier| self.tiering.pages(tier)).fold(0, u64::saturating_add)
    }

    /// Asserts that no page is lost or counted twice.
    ///
    /// # Panics
    /// If one is.
    pub(in crate::cluster) fn check(&self) {
        let mut loads = 0;
        let mut coming: Vec<Vec<u64>> =
            self.shelves.iter().map(|shelves| vec![0; shelves.len()]).collect();
        for flow in self.traffic.flows() {
            match &flow.cargo {
                Cargo::Load { .. } => loads += 1,
                Cargo::Ahead { .. } => {}
                Cargo::Copy { tier, pieces, .. } => {
                    let place = self.place(*tier, flow.member);
                    coming[*tier][place] += Piece::total(pieces);
                }
            }
        }
        let waited: u32 = self.loads.values().map(|load| load.flows).sum();
        assert_eq!(loads, waited, "what flows is waited for");
        for (shelves, coming) in self.shelves.iter().zip(coming) {
            for (shelf, coming) in shelves.iter().zip(coming) {
                shelf.store.check();
                assert_eq!(shelf.coming.pages(), coming, "what is to come flows, once");
            }
        }
    }

    fn place(&self, tier: usize, member: usize) -> usize {
        if self.tiering.tiers[tier].place.is_shared() { 0 } else { member }
    }

    fn shelf(&mut self, tier: usize, member: usize) -> &mut Shelf {
        let place = self.place(tier, member);
        &mut self.shelves[tier][place]
    }

    pub(super) fn store_of(&mut self, tier: usize, member: usize) -> &mut Store {
        &mut self.shelf(tier, member).store
    }

    /// The parts of `pieces` that are neither in a store nor on their way there.
    fn missing(&mut self, tier: usize, member: usize, pieces: &[Piece]) -> Vec<Piece> {
        let shelf = self.shelf(tier, member);
        let gaps = pieces.iter().flat_map(|piece| shelf.store.gaps(piece));
        Piece::joined(gaps.flat_map(|gap| shelf.coming.gaps(&gap)).collect())
    }

    fn send_copy(
        &mut self,
        now: SimTime,
        (member, from, tier): (usize, End, usize),
        pieces: Vec<Piece>,
        pin: Option<PinId>,
    ) {
        let spec = self.tiering.tiers[tier];
        let bytes = self.tiering.bytes(&spec, Piece::total(&pieces));
        let shelf = self.shelf(tier, member);
        for piece in &pieces {
            shelf.coming.insert(piece);
        }
        self.tally.written[tier] += bytes;
        let way = (member, from, Some(spec.place));
        self.traffic.send(now, way, (bytes, spec.latency), Cargo::Copy { tier, pieces, pin });
    }

    /// Sends what a store above gave up to a store, as far as it is not there.
    fn pass_down(
        &mut self,
        now: SimTime,
        (member, from, tier): (usize, Option<Place>, usize),
        pieces: &[Piece],
    ) {
        let missing = self.missing(tier, member, pieces);
        if !missing.is_empty() {
            self.send_copy(now, (member, from, tier), missing, None);
        }
    }

    /// Puts pages into a store where they have arrived; what leaves it goes further down.
    fn store(&mut self, now: SimTime, (member, tier): (usize, usize), pieces: &[Piece]) {
        let shelf = self.shelf(tier, member);
        for piece in pieces {
            shelf.coming.remove(piece);
        }
        let evicted = Piece::joined(shelf.store.insert(now, pieces));
        let has_next = tier + 1 < self.shelves.len();
        if has_next && self.tiering.writing == Writing::Back && !evicted.is_empty() {
            let from = Some(self.tiering.tiers[tier].place);
            self.pass_down(now, (member, from, tier + 1), &evicted);
        }
    }

    fn copied(&mut self, pin: PinId) -> Option<Arrival> {
        let Pin { flows: left, .. } =
            self.pins.get_mut(&pin).expect("a pin stays while it is copied");
        *left -= 1;
        if *left > 0 {
            return None;
        }
        self.pins.remove(&pin).map(|Pin { rank, lease, .. }| Arrival::Copied { rank, lease })
    }

    fn loaded(&mut self, now: SimTime, member: usize, id: RequestId) -> Option<Arrival> {
        let load = self.loads.get_mut(&(member, id)).expect("it waits while pages flow");
        load.flows -= 1;
        if load.flows > 0 {
            return None;
        }
        let since = load.since;
        self.loads.remove(&(member, id));
        self.tally.waits.push(now.since(since));
        Some(Arrival::Loaded(id))
    }

    fn ahead_ended(&mut self, member: usize, number: u64) -> Option<Arrival> {
        let flows = self.aheads.get_mut(&(member, number)).expect("it is there while pages flow");
        *flows -= 1;
        (*flows == 0).then(|| {
            self.aheads.remove(&(member, number));
            Arrival::Ahead(number)
        })
    }

    pub(super) fn book_read(&mut self, tier: usize, bytes: Bytes) {
        self.tally.read[tier] += bytes;
    }
}
