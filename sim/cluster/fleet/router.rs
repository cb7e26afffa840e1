//! A router: what it knows of its replicas, and its choice.

use super::figures::RoutingFigures;
use super::routing::{Policy, Routing};
use super::state::{Load, Member};
use crate::cost::Pricer;
use crate::des::fnv1a;
use crate::serving::kv::KvCache;
use crate::serving::{Extent, Request};
use crate::units::SimTime;
use crate::workload::common_pages;

/// `sglang_router`'s launch defaults: the least share of a prompt that must match; loads are out of
/// balance if the largest exceeds the least by more than this count and by more than this factor.
const MATCH: f64 = 0.3;
const IMBALANCE: u64 = 64;
const IMBALANCE_FACTOR: f64 = 1.5;

/// Chooses a replica of one pool.
#[derive(Debug)]
pub(super) struct Router {
    pub(super) routing: Routing,
    /// Where ties are broken from.
    turn: usize,
    /// Loads as last reported, and what was sent since.
    seen: Vec<Load>,
    /// What entered each cache since the last report.
    unreported: Vec<Vec<Novelty>>,
    /// What was sent to each replica, as far as it may still be there (prefix affinity).
    sent: Vec<KvCache>,
    pub(super) is_refresh_due: bool,
    pub(super) figures: RoutingFigures,
}

/// Content, of which the pages from `from` on may be new.
#[derive(Debug)]
struct Novelty {
    content: Vec<Extent>,
    from: u32,
}

impl Router {
    pub(super) fn new<P: Pricer>(routing: Routing, members: &[Member<P>]) -> Self {
        let sent = members.iter().map(|m| KvCache::new(m.replica.pages(), None));
        Self {
            routing,
            turn: 0,
            seen: vec![Load::default(); members.len()],
            unreported: members.iter().map(|_| Vec::new()).collect(),
            sent: sent.collect(),
            is_refresh_due: false,
            figures: RoutingFigures::default(),
        }
    }

    /// The replica for a request of the task `session`, of whose prompt stores below each replica
    /// hold so many tokens beyond those in HBM; none if all are down.
    pub(super) fn choose<P: Pricer>(
        &mut self,
        now: SimTime,
        members: &mut [Member<P>],
        (request, session): (&Request, u64),
        below: &[u32],
    ) -> Option<usize> {
        let up: Vec<usize> = (0..members.len()).filter(|&i| members[i].is_open()).collect();
        let turn = self.turn;
        let after = |i: &usize| (i + members.len() - turn) % members.len();
        match self.routing.policy {
            Policy::RoundRobin => up.into_iter().min_by_key(after),
            Policy::LeastLoaded => up.into_iter().min_by_key(|i| (self.seen[*i], after(i))),
            Policy::PrefixAffinity => self.by_prefix(now, &up, request),
            Policy::KvAware => {
                let weight = u64::from(self.routing.overlap_weight);
                let cost = |&i: &usize| {
                    let hit = self.known_hit(now, &mut members[i], i, request);
                    let hit = hit + below.get(i).copied().unwrap_or(0);
                    u64::from(request.prompt.saturating_sub(hit)) * weight + self.seen[i].prompts
                };
                let costs: Vec<u64> = up.iter().map(cost).collect();
                let count = members.len();
                let rank = |k: &usize| (costs[*k], (up[*k] + count - turn) % count);
                (0..up.len()).min_by_key(rank).map(|k| up[k])
            }
            Policy::SessionAffinity => {
                up.into_iter().max_by_key(|i| fnv1a(&format!("{session} {i}")))
            }
        }
    }

    /// Notes that `request` goes to the `index`-th replica.
    pub(super) fn sent<P: Pricer>(
        &mut self,
        now: SimTime,
        members: &mut [Member<P>],
        index: usize,
        request: &Request,
    ) {
        self.figures.requests += 1;
        self.turn = (index + 1) % members.len();
        self.seen[index].add(request.prompt);
        members[index].load.add(request.prompt);
        members[index].sent += 1;
        match self.routing.policy {
            Policy::PrefixAffinity => self.remember(now, index, request),
            Policy::KvAware => {
                let cached = members[index].cached(now, &request.content, request.prompt);
                self.unreport(index, request, cached, members);
            }
            _ => {}
        }
    }

    /// Notes that `request`, of whose prompt `cached` tokens were found, has left a replica.
    pub(super) fn left<P: Pricer>(
        &mut self,
        members: &mut [Member<P>],
        index: usize,
        request: &Request,
        cached: u32,
    ) {
        self.figures.prompt_tokens += u64::from(request.prompt);
        self.figures.found_tokens += u64::from(cached);
        members[index].load.subtract(request.prompt);
        if self.is_fresh() {
            self.seen[index] = members[index].load;
        } else if self.routing.policy == Policy::KvAware {
            self.unreport(index, request, cached, members);
        }
    }

    /// The replica whose cache holds what the task `session` left, when a run begins.
    pub(super) fn place<P: Pricer>(
        &mut self,
        now: SimTime,
        members: &mut [Member<P>],
        request: &Request,
        session: u64,
    ) -> Option<usize> {
        let index = match self.routing.policy {
            Policy::SessionAffinity => self.choose(now, members, (request, session), &[])?,
            _ => (session % members.len() as u64) as usize,
        };
        if self.routing.policy == Policy::PrefixAffinity {
            self.remember(now, index, request);
        }
        Some(index)
    }

    /// Whether replicas report at once.
    pub(super) fn is_fresh(&self) -> bool {
        self.routing.refresh.as_ps() == 0
    }

    /// The replicas report.
    pub(super) fn refresh<P: Pricer>(&mut self, members: &[Member<P>]) {
        for (i, member) in members.iter().enumerate() {
            self.seen[i] = member.load;
            self.unreported[i].clear();
        }
        self.is_refresh_due = false;
    }

    fn unreport<P: Pricer>(
        &mut self,
        index: usize,
        request: &Request,
        cached: u32,
        members: &[Member<P>],
    ) {
        if !self.is_fresh() {
            let from = members[index].limits().full_pages(cached);
            self.unreported[index].push(Novelty { content: request.content.clone(), from });
        }
    }

    /// Tokens of the prompt that the router believes to be cached.
    fn known_hit<P: Pricer>(
        &self,
        now: SimTime,
        member: &mut Member<P>,
        index: usize,
        request: &Request,
    ) -> u32 {
        let hit = member.cached(now, &request.content, request.prompt);
        let mut pages = member.limits().full_pages(hit);
        for novelty in &self.unreported[index] {
            if common_pages(&novelty.content, &request.content) > u64::from(novelty.from) {
                pages = pages.min(novelty.from);
            }
        }
        pages * member.limits().page_tokens
    }

    fn by_prefix(&mut self, now: SimTime, up: &[usize], request: &Request) -> Option<usize> {
        let loads = || up.iter().map(|&i| self.seen[i].requests);
        let (least, most) = (loads().min()?, loads().max()?);
        let is_balanced =
            most - least <= IMBALANCE || most as f64 <= IMBALANCE_FACTOR * least as f64;
        let known: u32 = request.content.iter().map(|extent| extent.pages).sum();
        if is_balanced && known > 0 {
            let matched = up.iter().map(|&i| {
                let lease = self.sent[i].acquire(now, &request.content, known);
                let pages = lease.pages();
                self.sent[i].cancel(lease);
                (pages, i)
            });
            let (pages, best) = matched.max_by_key(|&(pages, i)| (pages, std::cmp::Reverse(i)))?;
            if f64::from(pages) > MATCH * f64::from(known) {
                return Some(best);
            }
        }
        let turn = self.turn;
        let count = self.seen.len();
        up.iter().copied().min_by_key(|&i| (self.seen[i], (i + count - turn) % count))
    }

    fn remember(&mut self, now: SimTime, index: usize, request: &Request) {
        let record = &mut self.sent[index];
        let pages: u32 = request.content.iter().map(|extent| extent.pages).sum();
        let mut lease = record.acquire(now, &request.content, pages);
        let missing = pages - lease.pages();
        if record.grow(&mut lease, missing) {
            record.publish(now, &mut lease, &request.content, pages);
        }
        record.release(now, lease);
    }

    /// Forgets what the `index`-th replica held: it failed.
    pub(super) fn forget<P: Pricer>(&mut self, members: &[Member<P>], index: usize) {
        self.sent[index] = KvCache::new(members[index].replica.pages(), None);
        self.unreported[index].clear();
        if self.is_fresh() {
            self.seen[index] = Load::default();
        }
    }
}
