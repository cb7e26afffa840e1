//! KV that moves between HBM and the stores below it.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::json;

use super::kinds::rounded;
use super::lanes::Lanes;
use super::trace::Trace;
use crate::cluster::{Move, Moved, Place};
use crate::units::SimTime;

/// All moves of a run, drawn on threads of the replica that they belong to.
#[derive(Debug, Default)]
pub(super) struct Moves {
    lanes: Vec<Sides>,
    open: BTreeMap<u32, Open>,
}

/// Threads of one replica.
#[derive(Debug)]
struct Sides {
    fetched: Lanes,
    written: Lanes,
}

impl Sides {
    fn of(&mut self, is_fetch: bool) -> &mut Lanes {
        if is_fetch { &mut self.fetched } else { &mut self.written }
    }
}

/// A move under way.
#[derive(Clone, Copy, Debug)]
struct Open {
    what: Move,
    since: SimTime,
    lane: usize,
}

impl Moves {
    /// Of the replicas that are these processes.
    pub(super) fn new(processes: impl Iterator<Item = u32>) -> Self {
        let lanes = processes.map(|process| Sides {
            fetched: Lanes::new(process, "KV from stores", 3000),
            written: Lanes::new(process, "KV to stores", 4000),
        });
        Self { lanes: lanes.collect(), open: BTreeMap::new() }
    }

    /// Events that what is under way may yet become.
    pub(super) fn open(&self) -> u64 {
        self.open.len() as u64
    }

    pub(super) fn see<W: Write>(&mut self, now: SimTime, moved: Moved, trace: &mut Trace<W>) {
        match moved {
            Moved::Begun(what) => {
                let lanes = self.lanes[what.replica as usize].of(what.to.is_none());
                let lane = lanes.take(now, trace);
                self.open.insert(what.number, Open { what, since: now, lane });
            }
            Moved::Done(number) => self.close(now, number, "", trace),
            Moved::Broken(number) => self.close(now, number, ", broken off", trace),
        }
    }

    /// Draws what is under way when the run ends.
    pub(super) fn end<W: Write>(&mut self, now: SimTime, trace: &mut Trace<W>) {
        for number in self.open.keys().copied().collect::<Vec<_>>() {
            self.close(now, number, "", trace);
        }
    }

    fn close<W: Write>(&mut self, now: SimTime, number: u32, fate: &str, trace: &mut Trace<W>) {
        let Some(Open { what, since, lane }) = self.open.remove(&number) else { return };
        let mut args = json!({ "megabytes": rounded(what.bytes.get() / 1e6, 1e3) });
        if let Some(request) = what.request {
            args["request"] = json!(request);
        }
        let lanes = self.lanes[what.replica as usize].of(what.to.is_none());
        trace.slice(lanes.track(lane), &format!("{}{fate}", name(&what)), (since, now), args);
        lanes.give_back(lane, now);
    }
}

/// `fetch from host`, `fetch ahead from pool`, `write to nvme`.
fn name(what: &Move) -> String {
    let place = |end: Option<Place>| end.map_or("hbm", Place::name);
    match (what.to, what.request) {
        (None, Some(_)) => format!("fetch from {}", place(what.from)),
        (None, None) => format!("fetch ahead from {}", place(what.from)),
        (Some(_), _) => format!("write to {}", place(what.to)),
    }
}
