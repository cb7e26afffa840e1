//! What is on its way.

use std::collections::{BTreeMap, BTreeSet};

use super::tiering::Place;
use super::wiring::{End, Wiring};
use crate::des::Links;
use crate::serving::RequestId;
use crate::serving::kv::Piece;
use crate::units::{Bytes, SimSpan, SimTime};

/// Names a copy whose source is pinned.
pub(super) type PinId = u32;

/// What a flow carries.
#[derive(Clone, Debug)]
pub(super) enum Cargo {
    /// Pages of a request to HBM.
    Load { id: RequestId },
    /// Pages for a request that has not been sent yet.
    Ahead { number: u64 },
    /// Pages to the store of a tier.
    Copy { tier: usize, pieces: Vec<Piece>, pin: Option<PinId> },
}

/// KV that moves between HBM and the stores below it, or from one of them to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// Distinct among those under way.
    pub number: u32,
    /// The replica's number in its fleet.
    pub replica: u32,
    /// The request that waits for it; `None` for what is written down, or fetched ahead.
    pub request: Option<u32>,
    /// Where it comes from; `None` for HBM.
    pub from: Option<Place>,
    /// Where it goes.
    pub to: Option<Place>,
    /// How much.
    pub bytes: Bytes,
}

/// What becomes of a [`Move`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moved {
    /// It is asked for.
    Begun(Move),
    /// All of it is there.
    Done(u32),
    /// It never will be.
    Broken(u32),
}

/// A transfer of the box of `member`.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) member: usize,
    pub(super) cargo: Cargo,
    path: Vec<usize>,
    bytes: Bytes,
}

/// All transfers, those that wait for their first byte included.
#[derive(Clone, Debug)]
pub(super) struct Traffic {
    links: Links,
    wiring: Wiring,
    flows: BTreeMap<u32, Flow>,
    /// Flows that have not begun, by when they do.
    delayed: BTreeSet<(SimTime, u32)>,
    tags: u32,
    /// What has become of moves, if anybody asks.
    steps: Option<Vec<(SimTime, Moved)>>,
}

impl Traffic {
    pub(super) fn new(links: Links, wiring: Wiring) -> Self {
        let (flows, delayed) = (BTreeMap::new(), BTreeSet::new());
        Self { links, wiring, flows, delayed, tags: 0, steps: None }
    }

    /// Sends `bytes` between two ends of a box after `latency`.
    pub(super) fn send(
        &mut self,
        now: SimTime,
        (member, from, to): (usize, End, End),
        (bytes, latency): (Bytes, SimSpan),
        cargo: Cargo,
    ) {
        let tag = self.tags;
        self.tags = self.tags.wrapping_add(1);
        let path = self.wiring.path(member, from, to);
        if let Some(steps) = &mut self.steps {
            let request = match cargo {
                Cargo::Load { id } => Some(id.0),
                Cargo::Ahead { .. } | Cargo::Copy { .. } => None,
            };
            let replica = member as u32;
            let begun = Move { number: tag, replica, request, from, to, bytes };
            steps.push((now, Moved::Begun(begun)));
        }
        self.flows.insert(tag, Flow { member, cargo, path, bytes });
        self.delayed.insert((now + latency, tag));
        self.begin(now);
    }

    /// How long `bytes` to HBM would flow if the links stay as busy as they are.
    pub(super) fn predict(&self, member: usize, from: End, bytes: Bytes) -> SimSpan {
        let path = self.wiring.path(member, from, None);
        SimSpan::from_seconds(bytes / self.links.offer(&path))
    }

    /// When something next begins or ends to flow.
    pub(super) fn next_time(&self) -> Option<SimTime> {
        let begins = self.delayed.first().map(|&(time, _)| time);
        begins.into_iter().chain(self.links.next_end()).min()
    }

    /// Begins and ends what is due; returns what has ended.
    pub(super) fn advance(&mut self, now: SimTime) -> Vec<Flow> {
        self.begin(now);
        let ended = self.links.take_ended(now);
        if let Some(steps) = &mut self.steps {
            steps.extend(ended.iter().map(|&tag| (now, Moved::Done(tag))));
        }
        ended.into_iter().map(|tag| self.flows.remove(&tag).expect("it flows")).collect()
    }

    /// Gives up what `is_lost` says.
    pub(super) fn cancel(&mut self, now: SimTime, is_lost: impl Fn(&Flow) -> bool) -> Vec<Flow> {
        let lost = self.flows.iter().filter(|(_, flow)| is_lost(flow));
        let tags: Vec<u32> = lost.map(|(&tag, _)| tag).collect();
        self.delayed.retain(|(_, tag)| !tags.contains(tag));
        for &tag in &tags {
            self.links.cancel(now, tag);
        }
        if let Some(steps) = &mut self.steps {
            steps.extend(tags.iter().map(|&tag| (now, Moved::Broken(tag))));
        }
        tags.iter().map(|tag| self.flows.remove(tag).expect("it was found")).collect()
    }

    /// Notes what becomes of moves from now on.
    pub(super) fn keep_steps(&mut self) {
        self.steps.get_or_insert_default();
    }

    /// What has become of moves since the last time.
    pub(super) fn take_steps(&mut self) -> Vec<(SimTime, Moved)> {
        self.steps.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Everything that is on its way.
    pub(super) fn flows(&self) -> impl Iterator<Item = &Flow> {
        self.flows.values()
    }

    fn begin(&mut self, now: SimTime) {
        while let Some(&(time, tag)) = self.delayed.first()
            && time <= now
        {
            self.delayed.pop_first();
            let flow = &self.flows[&tag];
            self.links.send(now, tag, flow.path.clone(), flow.bytes);
        }
    }
}
