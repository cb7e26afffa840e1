//! A fleet's replicas and the stores below their HBM.

use std::collections::BTreeMap;

use super::replicas::Fleet;
use super::routing::Policy;
use super::state::{Event, Member};
use crate::cluster::tiers::{Arrival, Hierarchy, Moved, Port, TierFigures, Tiering, Writing};
use crate::cost::Pricer;
use crate::serving::kv::{Clairvoyant, Nothing, Piece, pieces};
use crate::serving::{Extent, Held, Replica, RequestId};
use crate::units::SimTime;

/// What lies below the replicas of a fleet.
#[derive(Debug)]
pub(super) struct Ground {
    hierarchy: Hierarchy,
    /// When the next event below is scheduled, and how many were.
    scheduled: Option<SimTime>,
    generation: u64,
    /// What will be needed when tools end, by number.
    awaited: BTreeMap<u64, Awaited>,
    /// How many were.
    numbers: u64,
    /// The replica that each session was last sent to.
    homes: BTreeMap<u64, usize>,
    /// What waits for pages on their way.
    ahead: BTreeMap<(usize, u64), Ahead>,
}

/// Pages of a group that wait for what is fetched ahead.
#[derive(Debug)]
struct Ahead {
    rank: usize,
    held: Held,
    content: Vec<Extent>,
    pages: u32,
}

/// The next prompt of a session whose tool runs.
#[derive(Debug)]
struct Awaited {
    session: u64,
    content: Vec<Extent>,
    prompt: u32,
}

impl Ground {
    pub(super) fn reset(&mut self) {
        self.hierarchy.reset();
    }

    pub(super) fn keep_steps(&mut self) {
        self.hierarchy.keep_steps();
    }

    pub(super) fn take_steps(&mut self) -> Vec<(SimTime, Moved)> {
        self.hierarchy.take_steps()
    }

    pub(super) fn figures(&self) -> TierFigures {
        self.hierarchy.check();
        self.hierarchy.figures()
    }
}

impl<P: Pricer> Fleet<P> {
    /// The same fleet, below whose HBM lie stores; the last to be said of a fleet.
    pub fn with_tiers(mut self, tiering: Tiering) -> Self {
        let on_eviction = tiering.writing == Writing::Back;
        let members = self.members.drain(..);
        self.members = members.map(|member| member.over_stores(on_eviction)).collect();
        self.below = Some(Ground {
            hierarchy: Hierarchy::new(tiering, self.members.len()),
            scheduled: None,
            generation: 0,
            awaited: BTreeMap::new(),
            numbers: 0,
            homes: BTreeMap::new(),
            ahead: BTreeMap::new(),
        });
        self
    }

    /// The same fleet, which keeps a log of what is looked up, for what a cache of the same size
    /// would find that knows the future.
    pub fn with_oracle(mut self) -> Self {
        let members = self.members.drain(..);
        self.members = members.map(Member::with_log).collect();
        self
    }

    /// Pages of prompts that caches of the same size would find that know the future: one for each
    /// group of ranks, for each replica with its stores, or one for all if they share a store.
    /// None without a log.
    pub(super) fn clairvoyant_pages(&self) -> Option<u64> {
        let logs: Option<Vec<Vec<_>>> = self.members.iter().map(logs).collect();
        let hbm = self.members.iter().map(|member| member.replica.pages());
        let hierarchy = self.below.as_ref().map(|ground| &ground.hierarchy);
        let own = hierarchy.map_or(0, Hierarchy::own_pages);
        let shared = hierarchy.map_or(0, Hierarchy::shared_pages);
        let found = |log: &Clairvoyant, pages: u64| -> u64 {
            log.hits(pages, self.measured_from).iter().map(|(found, _)| found).sum()
        };
        let logs = logs?;
        Some(if shared > 0 {
            let all = hbm.map(|pages| pages + own).sum::<u64>() + shared;
            found(&Clairvoyant::merged(logs.into_iter().flatten()), all)
        } else {
            let each = logs.into_iter().zip(hbm).map(|(mut logs, pages)| match own {
                0 => logs.iter().map(|log| found(log, pages / logs.len() as u64)).sum(),
                _ if logs.len() == 1 => found(&logs.remove(0), pages + own),
                _ => found(&Clairvoyant::merged(logs), pages + own),
            });
            each.sum()
        })
    }

    /// Tokens of a prompt that stores below each replica of a pool hold behind those in HBM;
    /// nothing where no router asks.
    pub(super) fn tokens_below(&mut self, now: SimTime, pool: usize, id: RequestId) -> Vec<u32> {
        let is_asked = self.routers[pool].routing.policy == Policy::KvAware;
        let range = self.range(pool);
        let Some(ground) = self.below.as_mut().filter(|_| is_asked) else { return Vec::new() };
        let request = &self.flights[&id].request;
        let members = range.map(|member| {
            let replica = &mut self.members[member];
            let cached = replica.cached(now, &request.content, request.prompt);
            let limits = *replica.limits();
            let span = (limits.full_pages(cached), limits.full_pages(request.prompt - 1));
            let pages = ground.hierarchy.known(now, member, &request.content, span);
            pages * limits.page_tokens
        });
        members.collect()
    }

    /// Starts a step of a replica, over what lies below it.
    pub(super) fn start(&mut self, now: SimTime, member: usize) {
        if self.below.is_none() {
            self.members[member].replica.start_step_over(now, &mut Nothing);
            return;
        }
        self.pass_down(now, member);
        loop {
            let ground = self.below.as_mut().expect("it was asked for");
            let mut port = Port { hierarchy: &mut ground.hierarchy, member };
            self.members[member].replica.start_step_over(now, &mut port);
            // What was thrown out and lies below already has made room for those that wait.
            let has_freed = self.pass_down(now, member);
            if !has_freed || self.members[member].replica.next_end().is_some() {
                return;
            }
        }
    }

    /// Sends what a replica has computed or evicted down. Returns whether it may let go of pages
    /// at once, which are there already.
    pub(super) fn pass_down(&mut self, now: SimTime, member: usize) -> bool {
        let Some(ground) = &mut self.below else { return false };
        let replica = &mut self.members[member].replica;
        let mut has_freed = false;
        for rank in 0..replica.groups().len() {
            for fresh in replica.groups_mut()[rank].fresh() {
                if let Some(lease) = ground.hierarchy.copy(now, (member, rank), fresh) {
                    replica.group(now, rank).unpin(now, lease);
                    has_freed = true;
                }
            }
            let given_up = replica.groups_mut()[rank].given_up();
            ground.hierarchy.take_in(now, member, &given_up);
        }
        self.schedule_tiers();
        has_freed
    }

    fn schedule_tiers(&mut self) {
        let Some(ground) = &mut self.below else { return };
        let next = ground.hierarchy.next_time();
        if next != ground.scheduled {
            ground.scheduled = next;
            ground.generation += 1;
            if let Some(time) = next {
                self.queue.schedule(time, Event::Tiers { generation: ground.generation });
            }
        }
    }

    /// Lets happen what is due below HBM.
    pub(super) fn on_tiers(&mut self, now: SimTime, generation: u64) {
        let ground = self.below.as_mut().expect("it is below something");
        if generation != ground.generation {
            return;
        }
        ground.scheduled = None;
        for (member, arrival) in ground.hierarchy.advance(now) {
            let replica = &mut self.members[member].replica;
            match arrival {
                Arrival::Loaded(id) => replica.arrived(now, id),
                Arrival::Copied { rank, lease } => replica.group(now, rank).unpin(now, lease),
                Arrival::Ahead(number) => {
                    let ground = self.below.as_mut().expect("it is below something");
                    let Ahead { rank, held, content, pages } =
                        ground.ahead.remove(&(member, number)).expect("pages wait for it");
                    replica.group(now, rank).lay(now, held, &content, pages);
                }
            }
            self.start(now, member);
            if member < self.serving {
                self.land_waiting(now, member);
            }
        }
        self.schedule_tiers();
    }

    /// Leaves in the stores what earlier calls, of which HBM holds what it has room for, left
    /// there.
    pub(super) fn settle_warmed(&mut self, member: usize, content: &[Extent]) {
        let Some(ground) = &mut self.below else { return };
        let pieces: Vec<Piece> = match ground.hierarchy.tiering().writing {
            Writing::Through => pieces(content, 0, u32::MAX).collect(),
            Writing::Back => {
                let groups = self.members[member].replica.groups_mut().iter_mut();
                groups.flat_map(Replica::given_up).collect()
            }
        };
        ground.hierarchy.settle(SimTime::ZERO, member, &pieces);
    }

    /// Forgets what lay in the box of a replica that failed.
    pub(super) fn empty_below(&mut self, now: SimTime, member: usize) {
        if let Some(ground) = &mut self.below {
            ground.hierarchy.fail(now, member);
            ground.ahead.retain(|&(whose, _), _| whose != member);
            self.schedule_tiers();
        }
    }

    /// Notes where a session's context will be.
    pub(super) fn note_home(&mut self, session: u64, member: usize) {
        if let Some(ground) = &mut self.below
            && ground.hierarchy.tiering().prefetch.is_some()
        {
            ground.homes.insert(session, member);
        }
    }

    /// Notes what a session will need when its tool has ended, to be fetched some time before.
    pub(super) fn note_awaited(
        &mut self,
        now: SimTime,
        sent: SimTime,
        (content, prompt): (&[Extent], u32),
        session: u64,
    ) {
        let Some(ground) = &mut self.below else { return };
        let Some(lead) = ground.hierarchy.tiering().prefetch else { return };
        ground.numbers += 1;
        let awaited = Awaited { session, content: content.to_vec(), prompt };
        ground.awaited.insert(ground.numbers, awaited);
        let at = sent.before(lead).map_or(now, |at| at.max(now));
        self.queue.schedule(at, Event::Ahead(ground.numbers));
    }

    /// Fetches what HBM does not hold of a context that will soon be needed, if there is room for
    /// it.
    pub(super) fn on_ahead(&mut self, now: SimTime, number: u64) {
        let ground = self.below.as_mut().expect("it is below something");
        let Awaited { session, content, prompt } =
            ground.awaited.remove(&number).expect("it is fetched ahead once");
        let Some(&member) = ground.homes.get(&session).filter(|&&home| self.members[home].is_up)
        else {
            return;
        };
        let place = &mut self.members[member];
        let to = place.limits().full_pages(prompt - 1);
        let rank = place.next(now, &content, prompt);
        let group = place.replica.group(now, rank);
        let cached = group.cached(now, &content, prompt);
        let from = group.limits().full_pages(cached);
        let pages = from + ground.hierarchy.known(now, member, &content, (from, to));
        if pages == from {
            return;
        }
        if let Some(held) = group.reserve(now, &content, pages) {
            ground.hierarchy.fetch_ahead(now, (member, number), &content, (from, pages));
            ground.ahead.insert((member, number), Ahead { rank, held, content, pages });
        }
        self.pass_down(now, member);
    }
}

/// What each group of a replica looked up and computed, if logs are kept.
fn logs<P: Pricer>(member: &Member<P>) -> Option<Vec<Clairvoyant>> {
    member.replica.groups().iter().map(|group| group.log().cloned()).collect()
}
