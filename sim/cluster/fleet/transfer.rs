//! What passes between replicas: KV handed over, and sequences of replicas that failed.

use super::figures::HandoffFigures;
use super::replicas::{Fleet, PREFILL, SERVE};
use super::routing::Routing;
use super::state::{Event, Load, Move, Parked, Passage, Seat, Stage};
use crate::cluster::deploy::{Order, Wire};
use crate::cluster::run::Summary;
use crate::cost::Pricer;
use crate::model::Plan;
use crate::serving::{Held, Migrant, RequestId};
use crate::units::{Bytes, BytesPerSec, SimSpan, SimTime};

/// A pool of replicas that prefill for those that decode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prefilling {
    /// How prompts are spread over it.
    pub routing: Routing,
    /// A prompt with no more tokens to compute than this is prefilled where it is decoded.
    pub local_below: u32,
    /// KV of a token on the wire.
    pub bytes_per_token: Bytes,
    /// Windows and states of a sequence on the wire.
    pub bytes_per_sequence: Bytes,
    /// What a replica that prefills can send.
    pub source: BytesPerSec,
    /// What a replica that decodes can receive.
    pub target: BytesPerSec,
    /// From the choice of pages until bytes flow.
    pub latency: SimSpan,
}

impl Prefilling {
    /// For what is deployed as `serving`, over `wire` without latency.
    pub fn of(serving: &Order, wire: &Wire, routing: Routing) -> Self {
        let whole = Plan::tp(1);
        let (model, kv) = (serving.model, serving.precision.kv);
        let windows = model.window_bytes(kv, &whole, u32::MAX);
        Self {
            routing,
            local_below: 0,
            bytes_per_token: model.kv_bytes_per_token(kv, &whole),
            bytes_per_sequence: windows + model.state_bytes_per_sequence(&whole),
            source: wire.send,
            target: wire.receive,
            latency: SimSpan::ZERO,
        }
    }

    /// What is sent of a prompt of so many tokens to pages that hold some already.
    fn bytes(&self, prompt: u32, held: &Held) -> Bytes {
        let missing = prompt.saturating_sub(held.cached);
        self.bytes_per_token * f64::from(missing) + self.bytes_per_sequence
    }
}

impl<P: Pricer> Fleet<P> {
    pub(super) fn handoff_figures(&self) -> HandoffFigures {
        HandoffFigures {
            wait: Summary::of(self.waits.iter().copied()),
            transfer: Summary::of(self.transfers.iter().copied()),
            ..self.handoff
        }
    }

    /// The replica that decodes the request `id`, if so little of its prompt is to be computed
    /// there that it need not be prefilled elsewhere.
    pub(super) fn local_member(&mut self, now: SimTime, id: RequestId) -> Option<usize> {
        let most = self.prefilling?.local_below;
        if most == 0 {
            return None;
        }
        let member = self.choose(now, SERVE, id)?;
        let request = &self.flights[&id].request;
        let cached = self.members[member].cached(now, &request.content, request.prompt);
        (request.prompt - cached <= most).then_some(member)
    }

    /// Keeps the KV of a prompt that `member` has prefilled until another has it.
    pub(super) fn keep(&mut self, now: SimTime, member: usize, id: RequestId) {
        let flight = self.flights.get_mut(&id).expect("it is in the fleet");
        flight.stage = Stage::Moving;
        let (request, from) = (&flight.request, Seat { member, rank: flight.rank });
        let group = self.members[member].replica.group(now, from.rank);
        let source = group.hold(now, &request.content, request.prompt, request.prompt);
        let source = source.expect("its pages have just been given back");
        self.pass_down(now, member);
        self.moves.insert(id, Move { from, source, to: None, target: None, landings: 0 });
        self.queue.schedule(now, Event::Land(id));
    }

    /// Chooses the replica that decodes a prefilled request.
    pub(super) fn on_land(&mut self, now: SimTime, id: RequestId) {
        let Some(&Move { from, .. }) = self.moves.get(&id) else { return };
        if self.members[from.member].is_cut {
            self.fault_figures.get_or_insert_default().nics().rerouted += 1;
            let migrant = self.orphan(now, id);
            self.send_on(now, migrant);
            return;
        }
        let Some(member) = self.choose(now, SERVE, id) else {
            self.parked.push(Parked::Prefilled(id));
            return;
        };
        self.note_sent(now, member, id);
        let place = &mut self.members[member];
        let seat = Seat { member, rank: place.place(now, &self.flights[&id].request) };
        place.landings[seat.rank].queue.push_back(id);
        self.moves.get_mut(&id).expect("it is there").to = Some(seat);
        self.note_routed(now, id, seat);
        self.land_at(now, seat);
    }

    /// Gives pages of `member` to prefilled requests that wait for them, as long as there are any.
    pub(super) fn land_waiting(&mut self, now: SimTime, member: usize) {
        for rank in 0..self.members[member].landings.len() {
            self.land_at(now, Seat { member, rank });
        }
    }

    fn land_at(&mut self, now: SimTime, Seat { member, rank }: Seat) {
        if self.members[member].is_cut {
            return;
        }
        while let Some(&id) = self.members[member].landings[rank].queue.front() {
            let place = &mut self.members[member];
            let request = &self.flights[&id].request;
            if !place.replica.groups()[rank].has_place(place.landings[rank].expected) {
                return;
            }
            let group = place.replica.group(now, rank);
            let tokens = group.handed_tokens(request.prompt, request.output);
            let held = group.hold(now, &request.content, request.prompt, tokens);
            self.pass_down(now, member);
            let Some(held) = held else { return };
            let landing = &mut self.members[member].landings[rank];
            landing.queue.pop_front();
            landing.expected += 1;
            let one = self.moves.get_mut(&id).expect("it is there");
            one.target = Some((held, now));
            one.landings += 1;
            let landing = one.landings;
            let first_token = self.flights[&id].prefilled.expect("it is prefilled").first_token;
            self.waits.push(now.since(first_token));
            let latency = self.prefilling.expect("somebody prefills").latency;
            self.queue.schedule(now + latency, Event::Depart { id, landing });
        }
    }

    /// Lets the KV of a prompt flow to the pages of its `landing`-th landing, unless there was
    /// another since: its receiver may have failed, and another, or the same, have made room anew.
    pub(super) fn on_depart(&mut self, now: SimTime, id: RequestId, landing: u32) {
        let prefilling = self.prefilling.expect("somebody prefills");
        let one = self.moves.get(&id).filter(|one| one.landings == landing);
        let Some(Move { from, target: Some((held, _)), to: Some(there), .. }) = one else { return };
        let bytes = prefilling.bytes(self.flights[&id].request.prompt, held);
        self.handoff.count += 1;
        self.handoff.bytes += bytes;
        self.handoff.spared_tokens += u64::from(held.cached);
        let (request, from, receiver) = (id.0, *from, *there);
        self.links.send(now, id.0, vec![from.member, receiver.member], bytes);
        let [from, to] = [from, receiver].map(|seat| self.number(seat));
        self.passages.note(now, Passage::Departed { request, from, to, bytes });
        self.schedule_flows();
    }

    pub(super) fn schedule_flows(&mut self) {
        self.generation += 1;
        if let Some(end) = self.links.next_end() {
            self.queue.schedule(end, Event::Sent { generation: self.generation });
        }
    }

    /// Hands over what has arrived.
    pub(super) fn on_sent(&mut self, now: SimTime, generation: u64) {
        if generation != self.generation {
            return;
        }
        for tag in self.links.take_ended(now) {
            let id = RequestId(tag);
            let Some(Move { from, source, to: Some(to), target: Some((held, since)), .. }) =
                self.moves.remove(&id)
            else {
                unreachable!("what flows has both ends")
            };
            self.transfers.push(now.since(since));
            self.passages.note(now, Passage::Arrived { request: id.0 });
            let sender = &mut self.members[from.member].replica;
            sender.group(now, from.rank).release(now, source);
            self.start(now, from.member);
            let flight = self.flights.get_mut(&id).expect("it is in the fleet");
            (flight.stage, flight.rank) = (Stage::Serve(to.member), to.rank);
            let prefilled = flight.prefilled.as_mut().expect("it is prefilled");
            prefilled.spared = held.cached;
            let first_token = prefilled.first_token;
            let receiver = &mut self.members[to.member];
            receiver.landings[to.rank].expected -= 1;
            let group = receiver.replica.group(now, to.rank);
            group.resume(now, flight.request.clone(), first_token, held);
            self.start(now, to.member);
        }
        self.schedule_flows();
    }

    /// A replica fails, unless it is down already.
    pub(super) fn on_fail(&mut self, now: SimTime, member: usize, down: Option<SimSpan>) {
        if self.members[member].is_up {
            self.fault_figures.get_or_insert_default().failures += 1;
            self.take_down(now, member, down);
        }
    }

    /// A replica is gone, with its KV.
    pub(super) fn take_down(&mut self, now: SimTime, member: usize, down: Option<SimSpan>) {
        if !self.members[member].is_up {
            return;
        }
        self.note_all(now, member, |replica| Passage::Failed { replica });
        let failed = &mut self.members[member];
        failed.is_up = false;
        failed.down_since = now;
        let lost = failed.replica.fail(now);
        failed.load = Load::default();
        failed.forget_landings();
        self.empty_below(now, member);
        for pool in 0..self.routers.len() {
            let range = self.range(pool);
            if range.contains(&member) {
                self.routers[pool].forget(&self.members[range.clone()], member - range.start);
            }
        }
        if let Some(down) = down {
            self.queue.schedule(now + down, Event::Return(member));
        }
        let (_, orphans) = self.break_moves(now, member);
        for migrant in lost.into_iter().chain(orphans) {
            self.send_on(now, migrant);
        }
    }

    /// Sends a sequence whose KV is lost to another replica, and counts it.
    fn send_on(&mut self, now: SimTime, migrant: Migrant) {
        let figures = self.fault_figures.get_or_insert_default();
        figures.migrated += 1;
        figures.lost_tokens += u64::from(migrant.lost_tokens());
        self.dispatch_lost(now, migrant);
    }

    /// The hand-over link of a replica is gone, with all that is on its way over it.
    pub(super) fn cut_off(&mut self, now: SimTime, member: usize) {
        let (broken, orphans) = self.break_moves(now, member);
        self.fault_figures.get_or_insert_default().nics().rerouted += broken;
        for migrant in orphans {
            self.send_on(now, migrant);
        }
    }

    /// What is on its way over the link of a replica begins anew.
    pub(super) fn restart_flows(&mut self, now: SimTime, member: usize) {
        let prefilling = self.prefilling.expect("somebody prefills");
        let (flights, moves) = (&self.flights, &self.moves);
        let (restarted, resent) = self.links.restart(now, member, |tag| {
            let id = RequestId(tag);
            let target = moves.get(&id).and_then(|one| one.target.as_ref());
            let (held, _) = target.expect("what flows has both ends");
            prefilling.bytes(flights[&id].request.prompt, held)
        });
        let figures = self.fault_figures.get_or_insert_default().nics();
        figures.restarted += restarted;
        figures.resent += resent;
    }

    /// Ends hand-overs from and to a replica that failed, or is cut off: what it was to receive
    /// goes elsewhere, what it was to send must be computed again. Returns how many these are.
    fn break_moves(&mut self, now: SimTime, member: usize) -> (u64, Vec<Migrant>) {
        let mut orphans = Vec::new();
        let touched =
            |one: &Move| one.from.member == member || one.to.is_some_and(|to| to.member == member);
        let ids: Vec<_> =
            self.moves.iter().filter(|(_, one)| touched(one)).map(|(&id, _)| id).collect();
        let broken = ids.len() as u64;
        for id in ids {
            self.links.cancel(now, id.0);
            self.passages.note(now, Passage::Broken { request: id.0 });
            let one = self.moves.get_mut(&id).expect("it is there");
            if one.from.member != member {
                let (to, target) = (one.to.take(), one.target.take());
                self.leave_landing(now, id, to.expect("it is the receiver"), target);
                self.queue.schedule(now, Event::Land(id));
                continue;
            }
            orphans.push(self.orphan(now, id));
        }
        self.schedule_flows();
        (broken, orphans)
    }

    /// Ends a hand-over whose KV cannot be had any more.
    fn orphan(&mut self, now: SimTime, id: RequestId) -> Migrant {
        let Move { from, source, to, target, .. } = self.moves.remove(&id).expect("it is there");
        self.parked.retain(|parked| !matches!(parked, Parked::Prefilled(other) if *other == id));
        if let Some(to) = to {
            self.leave_landing(now, id, to, target);
        }
        if self.members[from.member].is_up {
            self.members[from.member].replica.group(now, from.rank).release(now, source);
            self.start(now, from.member);
        }
        let flight = self.flights.get_mut(&id).expect("it is in the fleet");
        // Whoever is to decode it computes its prompt, too.
        flight.stage = Stage::Serve(from.member);
        let first_token = flight.prefilled.expect("it is prefilled").first_token;
        Migrant::orphan(flight.request.clone(), first_token)
    }

    /// Gives up what a replica keeps for a request that does not come, unless it has failed.
    fn leave_landing(
        &mut self,
        now: SimTime,
        id: RequestId,
        Seat { member, rank }: Seat,
        target: Option<(Held, SimTime)>,
    ) {
        if !self.members[member].is_up {
            return;
        }
        self.note_left(now, member, id, 0);
        let receiver = &mut self.members[member];
        let landing = &mut receiver.landings[rank];
        landing.queue.retain(|&other| other != id);
        if let Some((held, _)) = target {
            landing.expected -= 1;
            receiver.replica.group(now, rank).release(now, held);
            self.start(now, member);
            self.land_waiting(now, member);
        }
    }

    /// Sends a sequence that a replica lost to another of its pool.
    fn dispatch_lost(&mut self, now: SimTime, migrant: Migrant) {
        let id = migrant.request().id;
        let is_prefill = matches!(self.flights[&id].stage, Stage::Prefill(_));
        let pool = if is_prefill { PREFILL } else { SERVE };
        let Some(member) = self.choose(now, pool, id) else {
            self.parked.push(Parked::Lost(migrant));
            return;
        };
        self.note_sent(now, member, id);
        let stage = if is_prefill { Stage::Prefill(member) } else { Stage::Serve(member) };
        let place = &mut self.members[member];
        let rank = place.place(now, migrant.request());
        place.replica.group(now, rank).receive(now, migrant);
        let flight = self.flights.get_mut(&id).expect("it is in the fleet");
        (flight.stage, flight.rank) = (stage, rank);
        self.note_routed(now, id, Seat { member, rank });
        self.start(now, member);
    }

    /// A replica is back, empty, and takes what waited.
    pub(super) fn on_return(&mut self, now: SimTime, member: usize) {
        self.note_all(now, member, |replica| Passage::Returned { replica });
        let back = &mut self.members[member];
        back.is_up = true;
        let down = now.since(back.down_since).seconds().get();
        self.fault_figures.get_or_insert_default().down_s += down;
        if let Some((faults, streams)) = &mut self.faults {
            let stream = &mut streams[member];
            let at = now + faults.time_up(stream);
            let down = Some(faults.time_down(stream));
            self.queue.schedule(at, Event::Fail { member, down });
        }
        self.unpark(now);
    }

    /// Lets go on what waited for a replica.
    pub(super) fn unpark(&mut self, now: SimTime) {
        for parked in std::mem::take(&mut self.parked) {
            match parked {
                Parked::Fresh(id) => self.dispatch_fresh(now, id),
                Parked::Lost(migrant) => self.dispatch_lost(now, migrant),
                Parked::Prefilled(id) => self.on_land(now, id),
            }
        }
    }
}
