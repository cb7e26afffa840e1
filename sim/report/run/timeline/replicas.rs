//! Replicas: steps, loads, hand-overs, failures.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::json;

use super::kinds::{rounded, step_args, step_name};
use super::lanes::Lanes;
use super::moves::Moves;
use super::trace::{Trace, Track};
use crate::cluster::Moved;
use crate::serving::{Note, Occupancy, Steps};
use crate::units::{Bytes, SimTime};

/// The process of the first replica; that of agents is before it.
const FIRST_PROCESS: u32 = 2;

/// Changes of the KV cache by less than this part of its pages are not drawn.
const FINEST: u64 = 256;

/// All replicas, and what passes between them.
#[derive(Debug)]
pub(super) struct Replicas {
    all: Vec<Replica>,
    moves: Moves,
    transfers: BTreeMap<u32, Transfer>,
}

#[derive(Debug)]
struct Replica {
    process: u32,
    steps: Track,
    /// Steps that a failure may yet cut short.
    pending: Option<Steps>,
    drawn: Option<Occupancy>,
    /// The load before the window.
    before: Option<Occupancy>,
    down: Option<SimTime>,
    outbound: Lanes,
    inbound: Lanes,
}

/// KV on its way.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    departed: SimTime,
    from: u32,
    to: u32,
    bytes: Bytes,
    /// On either side.
    lanes: [usize; 2],
}

impl Replicas {
    /// Replicas of these names.
    pub(super) fn new<W: Write>(names: &[String], trace: &mut Trace<W>) -> Self {
        let all = names.iter().enumerate().map(|(place, name)| {
            let process = FIRST_PROCESS + place as u32;
            trace.name_process(process, name, 1 + place as u32);
            Replica {
                process,
                steps: trace.thread(process, "steps".into(), 0),
                pending: None,
                drawn: None,
                before: None,
                down: None,
                outbound: Lanes::new(process, "KV out", 1000),
                inbound: Lanes::new(process, "KV in", 2000),
            }
        });
        let all: Vec<Replica> = all.collect();
        let moves = Moves::new(all.iter().map(|replica| replica.process));
        Self { all, moves, transfers: BTreeMap::new() }
    }

    /// Events that what is under way may yet become: four a hand-over, one a move; and for each
    /// replica the steps under way, those before them, and three counters, or the time it is down.
    pub(super) fn open(&self) -> u64 {
        4 * self.transfers.len() as u64 + self.moves.open() + 5 * self.all.len() as u64
    }

    pub(super) fn note<W: Write>(&mut self, replica: u32, note: &Note, trace: &mut Trace<W>) {
        let replica = &mut self.all[replica as usize];
        replica.load(note, trace);
        if let Some(steps) = note.steps {
            replica.draw_pending(None, trace);
            replica.pending = Some(steps);
        }
    }

    pub(super) fn depart<W: Write>(
        &mut self,
        now: SimTime,
        request: u32,
        (from, to, bytes): (u32, u32, Bytes),
        trace: &mut Trace<W>,
    ) {
        let lanes = [
            self.all[from as usize].outbound.take(now, trace),
            self.all[to as usize].inbound.take(now, trace),
        ];
        let transfer = Transfer { departed: now, from, to, bytes, lanes };
        self.transfers.insert(request, transfer);
    }

    /// KV has arrived, or never will.
    pub(super) fn arrive<W: Write>(
        &mut self,
        now: SimTime,
        request: u32,
        is_broken: bool,
        trace: &mut Trace<W>,
    ) {
        let Some(transfer) = self.transfers.remove(&request) else { return };
        let Transfer { departed, from, to, bytes, lanes: [out, into] } = transfer;
        let span = (departed, now);
        let fate = if is_broken { ", broken off" } else { "" };
        let megabytes = rounded(bytes.get() / 1e6, 1e3);
        let args = json!({ "request": request, "megabytes": megabytes, "from": from, "to": to });
        let lanes = &mut self.all[from as usize].outbound;
        trace.slice(lanes.track(out), &format!("KV out{fate}"), span, args.clone());
        lanes.give_back(out, now);
        let source = lanes.track(out).clone();
        let lanes = &mut self.all[to as usize].inbound;
        trace.slice(lanes.track(into), &format!("KV in{fate}"), span, args);
        lanes.give_back(into, now);
        trace.arrow(request, departed, &source, lanes.track(into));
    }

    pub(super) fn moved<W: Write>(&mut self, now: SimTime, moved: Moved, trace: &mut Trace<W>) {
        self.moves.see(now, moved, trace);
    }

    pub(super) fn fail<W: Write>(&mut self, now: SimTime, replica: u32, trace: &mut Trace<W>) {
        let failed = &mut self.all[replica as usize];
        failed.draw_pending(Some(now), trace);
        failed.down = Some(now);
        trace.mark(Some(failed.process), "replica fails", now);
    }

    /// A replica is back, or the run is over.
    pub(super) fn revive<W: Write>(&mut self, now: SimTime, replica: u32, trace: &mut Trace<W>) {
        let replica = &mut self.all[replica as usize];
        if let Some(since) = replica.down.take() {
            trace.slice(&mut replica.steps, "down", (since, now), json!({}));
        }
    }

    /// Draws what is under way when the run ends.
    pub(super) fn end<W: Write>(&mut self, now: SimTime, trace: &mut Trace<W>) {
        self.moves.end(now, trace);
        for request in self.transfers.keys().copied().collect::<Vec<_>>() {
            self.arrive(now, request, false, trace);
        }
        for replica in 0..self.all.len() as u32 {
            self.all[replica as usize].draw_pending(None, trace);
            self.revive(now, replica, trace);
        }
    }
}

impl Replica {
    /// Draws the steps that were noted last; what is after `cut` never happened.
    ///
    /// Steps that began before the window were measured before it, too: they are left out whole.
    fn draw_pending<W: Write>(&mut self, cut: Option<SimTime>, trace: &mut Trace<W>) {
        let Some(steps) = self.pending.take().filter(|steps| steps.start >= trace.from()) else {
            return;
        };
        let end = cut.map_or(steps.end, |cut| steps.end.min(cut));
        let args = step_args(&steps, end < steps.end);
        trace.slice(&mut self.steps, &step_name(&steps), (steps.start, end), args);
    }

    /// Draws a load as far as it is news.
    fn load<W: Write>(&mut self, note: &Note, trace: &mut Trace<W>) {
        if note.at < trace.from() {
            self.before = Some(note.load);
            return;
        }
        if let Some(before) = self.before.take() {
            self.draw_load(trace.from(), before, trace);
        }
        self.draw_load(note.at, note.load, trace);
    }

    fn draw_load<W: Write>(&mut self, at: SimTime, load: Occupancy, trace: &mut Trace<W>) {
        let Occupancy { running, waiting, held_pages, cached_pages, pages } = load;
        let is_news = |part: fn(&Occupancy) -> u64, finest: u64| {
            self.drawn.is_none_or(|drawn| {
                let (old, new) = (part(&drawn), part(&load));
                old.abs_diff(new) >= finest || (new == 0) != (old == 0)
            })
        };
        let finest = (pages / FINEST).max(1);
        let is_queue = is_news(|load| load.waiting.into(), 1);
        let is_batch = is_news(|load| load.running.into(), 1);
        let is_kv =
            is_news(|load| load.held_pages, finest) || is_news(|load| load.cached_pages, finest);
        let mut drawn = self.drawn.unwrap_or(load);
        if is_queue {
            trace.counter(self.process, "requests waiting", at, json!({ "waiting": waiting }));
            drawn.waiting = waiting;
        }
        if is_batch {
            trace.counter(self.process, "requests running", at, json!({ "running": running }));
            drawn.running = running;
        }
        if is_kv {
            let percent = |part: u64| rounded(part as f64 * 100.0 / pages.max(1) as f64, 10.0);
            let args = json!({ "held": percent(held_pages), "cached": percent(cached_pages) });
            trace.counter(self.process, "KV pages, %", at, args);
            (drawn.held_pages, drawn.cached_pages) = (held_pages, cached_pages);
        }
        self.drawn = Some(drawn);
    }
}
