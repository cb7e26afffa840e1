//! The fleet: requests to replicas, and answers back.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::below::Ground;
use super::fault::{Change, Faults, NicFault};
use super::figures::{FaultFigures, HandoffFigures, RoutingFigures};
use super::router::Router;
use super::routing::Routing;
use super::state::{Event, Flight, Member, Move, Parked, Passages, Prefilled, Seat, Stage};
use super::tools::HostCores;
use super::transfer::Prefilling;
use crate::cluster::run::{Account, Service};
use crate::cost::Pricer;
use crate::des::{EventQueue, Links, Stream};
use crate::serving::{Extent, Outcome, Request, RequestId, TooLong, Worker};
use crate::units::{SimSpan, SimTime};

/// The pool that serves or decodes; the other one prefills.
pub(super) const SERVE: usize = 0;
pub(super) const PREFILL: usize = 1;

/// Replicas behind routers.
#[derive(Debug)]
pub struct Fleet<P> {
    /// Those that serve or decode, then those that prefill.
    pub(super) members: Vec<Member<P>>,
    pub(super) serving: usize,
    pub(super) routers: Vec<Router>,
    pub(super) prefilling: Option<Prefilling>,
    pub(super) faults: Option<(Faults, Vec<Stream>)>,
    pub(super) changes: Vec<Change<P>>,
    pub(super) nic_faults: Vec<NicFault>,
    /// Replicas, and the fewest pages that each will ever have.
    pub(super) least: Vec<(usize, u64)>,
    pub(super) queue: EventQueue<Event>,
    pub(super) flights: FxHashMap<RequestId, Flight>,
    pub(super) moves: BTreeMap<RequestId, Move>,
    /// A link for each member, which it sends or receives over.
    pub(super) links: Links,
    pub(super) generation: u64,
    pub(super) parked: Vec<Parked>,
    done: Vec<Outcome>,
    pub(super) handoff: HandoffFigures,
    pub(super) waits: Vec<SimSpan>,
    pub(super) transfers: Vec<SimSpan>,
    pub(super) fault_figures: Option<FaultFigures>,
    pub(super) cores: Option<HostCores>,
    pub(super) passages: Passages,
    /// What lies below HBM.
    pub(super) below: Option<Ground>,
    pub(super) measured_from: SimTime,
}

impl<P: Pricer> Fleet<P> {
    /// Equal replicas that serve requests whole.
    ///
    /// # Panics
    /// If there are none.
    pub fn new(replicas: Vec<impl Into<Worker<P>>>, routing: Routing) -> Self {
        assert!(!replicas.is_empty(), "a fleet has replicas");
        let members: Vec<_> = replicas.into_iter().map(Member::new).collect();
        Self {
            serving: members.len(),
            routers: vec![Router::new(routing, &members)],
            members,
            prefilling: None,
            faults: None,
            changes: Vec::new(),
            nic_faults: Vec::new(),
            least: Vec::new(),
            queue: EventQueue::new(),
            flights: FxHashMap::default(),
            moves: BTreeMap::new(),
            links: Links::default(),
            generation: 0,
            parked: Vec::new(),
            done: Vec::new(),
            handoff: HandoffFigures::default(),
            waits: Vec::new(),
            transfers: Vec::new(),
            fault_figures: None,
            cores: None,
            passages: Passages::default(),
            below: None,
            measured_from: SimTime::ZERO,
        }
    }

    /// The same fleet, whose replicas decode what these prefill.
    pub fn with_prefill(
        mut self,
        replicas: Vec<impl Into<Worker<P>>>,
        prefilling: Prefilling,
    ) -> Self {
        self.members.extend(replicas.into_iter().map(Member::new));
        self.routers.push(Router::new(prefilling.routing, &self.members[self.serving..]));
        for index in 0..self.members.len() {
            let is_source = index >= self.serving;
            self.links.add(if is_source { prefilling.source } else { prefilling.target });
        }
        self.prefilling = Some(prefilling);
        self
    }

    /// The same fleet, whose replicas fail at times that are drawn.
    pub fn with_faults(mut self, faults: Faults) -> Self {
        let mut streams: Vec<_> = (0..self.members.len()).map(|i| faults.stream(i)).collect();
        for (member, stream) in streams.iter_mut().enumerate() {
            let at = SimTime::after_start(faults.time_up(stream));
            let down = Some(faults.time_down(stream));
            self.queue.schedule(at, Event::Fail { member, down });
        }
        self.faults = Some((faults, streams));
        self.fault_figures = Some(FaultFigures::default());
        self
    }

    /// The same fleet, of which the replica numbered `member` fails at a time, and returns after
    /// another, if it does.
    pub fn with_outage(mut self, member: usize, at: SimSpan, down: Option<SimSpan>) -> Self {
        let member = member.min(self.members.len() - 1);
        self.queue.schedule(SimTime::after_start(at), Event::Fail { member, down });
        self.fault_figures.get_or_insert_default();
        self
    }

    /// The same fleet, beside which the agents' tools run on these cores.
    pub fn with_cores(self, cores: HostCores) -> Self {
        Self { cores: Some(cores), ..self }
    }

    /// Replicas, those that prefill included.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Fills caches with content that calls of the task `session` left there.
    pub fn warm(&mut self, session: u64, content: &[Extent]) {
        let request = Request {
            id: RequestId(0),
            arrival: SimTime::ZERO,
            prompt: 1,
            output: 1,
            content: content.to_vec(),
            model: 0,
            priority: 0,
        };
        for pool in 0..self.routers.len() {
            let (router, members) = self.pool(pool);
            let number = session / members.len() as u64;
            if let Some(index) = router.place(SimTime::ZERO, members, &request, session) {
                members[index].replica.warm(number, content);
                let member = self.range(pool).start + index;
                self.settle_warmed(member, content);
            }
        }
    }

    pub(super) fn range(&self, pool: usize) -> std::ops::Range<usize> {
        if pool == SERVE { 0..self.serving } else { self.serving..self.members.len() }
    }

    pub(super) fn pool(&mut self, pool: usize) -> (&mut Router, &mut [Member<P>]) {
        let range = self.range(pool);
        (&mut self.routers[pool], &mut self.members[range])
    }

    fn pool_of(&self, member: usize) -> usize {
        if member < self.serving { SERVE } else { PREFILL }
    }

    /// The replica of `pool` for the request `id`, by its number in the fleet.
    pub(super) fn choose(&mut self, now: SimTime, pool: usize, id: RequestId) -> Option<usize> {
        let start = self.range(pool).start;
        let range = self.range(pool);
        let below = self.tokens_below(now, pool, id);
        let flight = &self.flights[&id];
        let (router, members) = (&mut self.routers[pool], &mut self.members[range]);
        let chosen = router.choose(now, members, (&flight.request, flight.session), &below)?;
        Some(start + chosen)
    }

    /// Notes that the request `id` goes to `member`.
    pub(super) fn note_sent(&mut self, now: SimTime, member: usize, id: RequestId) {
        let pool = self.pool_of(member);
        let range = self.range(pool);
        let index = member - range.start;
        let request = &self.flights[&id].request;
        self.routers[pool].sent(now, &mut self.members[range], index, request);
        self.schedule_report(now, pool);
    }

    /// Notes that the request `id`, of whose prompt `cached` tokens were found, has left `member`.
    pub(super) fn note_left(&mut self, now: SimTime, member: usize, id: RequestId, cached: u32) {
        let pool = self.pool_of(member);
        let range = self.range(pool);
        let index = member - range.start;
        let request = &self.flights[&id].request;
        self.routers[pool].left(&mut self.members[range], index, request, cached);
        self.schedule_report(now, pool);
    }

    fn schedule_report(&mut self, now: SimTime, pool: usize) {
        let router = &mut self.routers[pool];
        if !router.is_fresh() && !router.is_refresh_due {
            router.is_refresh_due = true;
            let period = router.routing.refresh.as_ps();
            let periods = now.since_start().as_ps() / period + 1;
            let at = SimTime::after_start(SimSpan::from_ps(periods.saturating_mul(period)));
            self.queue.schedule(at, Event::Report { pool });
        }
    }

    /// Sends a request that no replica has seen to one.
    pub(super) fn dispatch_fresh(&mut self, now: SimTime, id: RequestId) {
        let local = if self.prefilling.is_some() { self.local_member(now, id) } else { None };
        let pool = if self.prefilling.is_some() && local.is_none() { PREFILL } else { SERVE };
        let Some(member) = local.or_else(|| self.choose(now, pool, id)) else {
            self.parked.push(Parked::Fresh(id));
            return;
        };
        self.note_sent(now, member, id);
        self.handoff.local += u64::from(local.is_some());
        let flight = self.flights.get_mut(&id).expect("it is in the fleet");
        let mut request = flight.request.clone();
        flight.stage = Stage::Serve(member);
        if pool == PREFILL {
            request.output = 1;
            flight.stage = Stage::Prefill(member);
        }
        let session = flight.session;
        self.note_home(session, member);
        let rank = self.members[member].submit(now, request);
        let rank = rank.expect("it was checked when it was taken in");
        self.flights.get_mut(&id).expect("it is in the fleet").rank = rank;
        self.note_routed(now, id, Seat { member, rank });
        self.start(now, member);
    }

    /// Ends the step of a replica.
    fn finish(&mut self, now: SimTime, member: usize, done: &mut Vec<Outcome>) {
        let mut ended = std::mem::take(&mut self.done);
        self.members[member].replica.finish_step(now, &mut ended);
        let has_ended = !ended.is_empty();
        for outcome in ended.drain(..) {
            let flight = self.flights.get_mut(&outcome.id).expect("it is in the fleet");
            let cached = outcome.cached;
            if flight.stage == Stage::Prefill(member) && flight.request.output > 1 {
                let Outcome { first_token, preemptions, .. } = outcome;
                flight.prefilled = Some(Prefilled { first_token, cached, preemptions, spared: 0 });
                self.keep(now, member, outcome.id);
                self.note_left(now, member, outcome.id, cached);
            } else {
                let found = flight.prefilled.map_or(cached, |first| first.spared);
                self.note_left(now, member, outcome.id, found);
                let flight = self.flights.remove(&outcome.id).expect("it ends once");
                done.push(flight.outcome(&outcome));
            }
        }
        self.done = ended;
        self.start(now, member);
        if has_ended && member < self.serving {
            self.land_waiting(now, member);
        }
    }

    fn handle(&mut self, now: SimTime, event: Event) {
        match event {
            Event::Sent { generation } => self.on_sent(now, generation),
            Event::Return(member) => self.on_return(now, member),
            Event::Fail { member, down } => self.on_fail(now, member, down),
            Event::Become { member, change } => self.on_become(now, member, change),
            Event::Nics { fault, is_loss } => self.on_nics(now, fault, is_loss),
            Event::Land(id) => self.on_land(now, id),
            Event::Depart { id, landing } => self.on_depart(now, id, landing),
            Event::Report { pool } => {
                let (router, members) = self.pool(pool);
                router.refresh(members);
            }
            Event::Tiers { generation } => self.on_tiers(now, generation),
            Event::Ahead(session) => self.on_ahead(now, session),
        }
    }

    /// Lets pass what happened while no request was in the fleet.
    fn catch_up(&mut self, now: SimTime) {
        while self.flights.is_empty() && self.queue.next_time().is_some_and(|next| next <= now) {
            let (time, event) = self.queue.pop().expect("it is there");
            self.handle(time, event);
        }
    }
}

impl<P: Pricer> Service for Fleet<P> {
    fn dispatch(&self) -> SimSpan {
        // A request reaches first whoever prefills it.
        self.members.last().expect("a fleet has replicas").replica.dispatch()
    }

    fn reading(&self, prompt: u32) -> SimSpan {
        self.members.last().expect("a fleet has replicas").replica.reading(prompt)
    }

    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong> {
        self.catch_up(now);
        self.members[0].replica.check(request.prompt + request.output)?;
        if let Some(member) = self.members.get(self.serving) {
            member.replica.check(request.prompt + 1)?;
        }
        for &(member, pages) in &self.least {
            let tokens = if member < self.serving { request.output } else { 1 };
            self.members[member].replica.check_in(request.prompt + tokens, pages)?;
        }
        let id = request.id;
        let flight = Flight { request, session, stage: Stage::Parked, rank: 0, prefilled: None };
        self.flights.insert(id, flight);
        self.dispatch_fresh(now, id);
        Ok(())
    }

    fn tool(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        self.cores.as_mut().map_or(span, |cores| cores.run(now, span))
    }

    fn awaits(&mut self, now: SimTime, sent: SimTime, next: (&[Extent], u32), session: u64) {
        self.note_awaited(now, sent, next, session);
    }

    fn next_time(&self) -> Option<SimTime> {
        if self.flights.is_empty() {
            return None;
        }
        let ends = self.members.iter().filter_map(|member| member.replica.next_end());
        ends.chain(self.queue.next_time()).min()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let ends = |member: &Member<P>| member.replica.next_end() == Some(now);
        if let Some(member) = self.members.iter().position(ends) {
            self.finish(now, member, done);
        } else {
            let (time, event) = self.queue.pop().expect("something happens");
            self.handle(time, event);
        }
    }

    fn reset(&mut self, now: SimTime) {
        self.measured_from = now;
        for member in &mut self.members {
            member.replica.reset_meter(now);
            member.sent = 0;
        }
        self.routers.iter_mut().for_each(|router| router.figures = RoutingFigures::default());
        self.handoff = HandoffFigures::default();
        self.waits.clear();
        self.transfers.clear();
        self.cores.iter_mut().for_each(HostCores::reset);
        self.below.iter_mut().for_each(Ground::reset);
    }

    fn close(&mut self, now: SimTime) -> Account {
        let mut account = Account { replicas: self.members.len() as u32, ..Account::default() };
        let mut inside = self.moves.len() + self.parked.len();
        for member in &mut self.members {
            member.replica.observe(now);
            account.meter.add(&member.replica.meter());
            account.events += member.replica.steps_ended();
            account.evicted_pages += member.replica.evicted();
            account.kv_pages += member.replica.pages();
            inside += member.replica.in_flight();
            if !member.is_up {
                let down = now.since(member.down_since.min(now)).seconds().get();
                self.fault_figures.get_or_insert_default().down_s += down;
                member.down_since = now;
            }
            if let Some(since) = &mut member.lesser_since {
                let lesser = now.since((*since).min(now)).seconds().get();
                self.fault_figures.get_or_insert_default().degraded_s += lesser;
                *since = now;
            }
            if let Some(since) = &mut member.narrow_since {
                let narrow = now.since((*since).min(now)).seconds().get();
                self.fault_figures.get_or_insert_default().book_narrow(narrow);
                *since = now;
            }
        }
        let waiting = self.parked.iter().filter(|one| matches!(one, Parked::Prefilled(_))).count();
        assert_eq!(inside - waiting, self.flights.len(), "every request is in one place");
        account.in_flight = self.flights.len() as u64;
        account.events += self.queue.popped();
        account
    }
}
