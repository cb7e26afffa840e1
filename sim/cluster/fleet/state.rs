//! Replicas and requests as a fleet keeps them.

use std::collections::VecDeque;

use super::below::Ground;
use super::replicas::Fleet;
use crate::cluster::tiers::Moved;
use crate::cost::Pricer;
use crate::des::Phased;
use crate::serving::{
    Extent, Held, Limits, Migrant, Outcome, Replica, Request, RequestId, TooLong, Worker,
};
use crate::units::{Bytes, SimSpan, SimTime};

/// A replica of a fleet.
#[derive(Debug)]
pub(super) struct Member<P> {
    pub(super) replica: Worker<P>,
    pub(super) is_up: bool,
    /// Requests and prompt tokens in the replica or on their way to it.
    pub(super) load: Load,
    /// What comes to each of its groups from those that prefill.
    pub(super) landings: Vec<Landing>,
    /// Requests sent to it in the window.
    pub(super) sent: u64,
    /// Since when it is down, if it is.
    pub(super) down_since: SimTime,
    /// Since when it lacks a part, if it does.
    pub(super) lesser_since: Option<SimTime>,
    /// NICs that its hand-over link lacks, and since when it lacks any.
    pub(super) nics_lost: u32,
    pub(super) narrow_since: Option<SimTime>,
    /// Whether it lacks all of them.
    pub(super) is_cut: bool,
}

/// What is on its way to one group of a replica.
#[derive(Debug, Default)]
pub(super) struct Landing {
    /// Prefilled requests that wait for pages, first come first served.
    pub(super) queue: VecDeque<RequestId>,
    /// Sequences that have their pages, and whose KV is on its way.
    pub(super) expected: usize,
}

impl Landing {
    fn bound(&self) -> usize {
        self.queue.len() + self.expected
    }
}

/// A group of ranks of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// The replica's number in the fleet.
    pub(super) member: usize,
    /// The group's in the replica.
    pub(super) rank: usize,
}

/// What a replica has to do, as its router counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Load {
    pub(super) requests: u64,
    pub(super) prompts: u64,
}

impl Load {
    pub(super) fn add(&mut self, prompt: u32) {
        self.requests += 1;
        self.prompts += u64::from(prompt);
    }

    pub(super) fn subtract(&mut self, prompt: u32) {
        self.requests -= 1;
        self.prompts -= u64::from(prompt);
    }
}

impl<P: Pricer> Member<P> {
    pub(super) fn new(replica: impl Into<Worker<P>>) -> Self {
        let replica = replica.into();
        Self {
            landings: replica.groups().iter().map(|_| Landing::default()).collect(),
            replica,
            is_up: true,
            load: Load::default(),
            sent: 0,
            down_since: SimTime::ZERO,
            lesser_since: None,
            nics_lost: 0,
            narrow_since: None,
            is_cut: false,
        }
    }

    /// The same with a log of what is looked up.
    pub(super) fn with_log(self) -> Self {
        Self { replica: self.replica.map(Replica::with_log), ..self }
    }

    /// The same with stores below it, which take what it evicts, or what it computes.
    pub(super) fn over_stores(self, on_eviction: bool) -> Self {
        Self { replica: self.replica.map(|group| group.with_stores(on_eviction)), ..self }
    }

    /// The group that a prompt of this content and so many tokens goes to if it comes now.
    pub(super) fn next(&mut self, now: SimTime, content: &[Extent], prompt: u32) -> usize {
        let landings = &self.landings;
        self.replica.next(now, (content, prompt), &|rank| landings[rank].bound())
    }

    /// Its group for a request that comes now, which is counted.
    pub(super) fn place(&mut self, now: SimTime, request: &Request) -> usize {
        let rank = self.next(now, &request.content, request.prompt);
        self.replica.note_sent(rank);
        rank
    }

    /// Queues a request at one of its groups, and says at which.
    pub(super) fn submit(&mut self, now: SimTime, request: Request) -> Result<usize, TooLong> {
        let rank = self.place(now, &request);
        self.replica.submit(now, rank, request)?;
        Ok(rank)
    }

    /// Tokens of a prompt that the cache of the group holds that it goes to if it comes now.
    pub(super) fn cached(&mut self, now: SimTime, content: &[Extent], prompt: u32) -> u32 {
        let rank = self.next(now, content, prompt);
        self.replica.group(now, rank).cached(now, content, prompt)
    }

    /// Whether it may be sent requests.
    pub(super) fn is_open(&self) -> bool {
        self.is_up && !self.is_cut
    }

    /// The batch limits of each of its groups.
    pub(super) fn limits(&self) -> &Limits {
        self.replica.groups()[0].limits()
    }

    /// Forgets what was on its way to it.
    pub(super) fn forget_landings(&mut self) {
        self.landings.fill_with(Landing::default);
    }
}

/// A request in the fleet.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) request: Request,
    pub(super) session: u64,
    pub(super) stage: Stage,
    /// The group of the replica that it is in, if it is in one.
    pub(super) rank: usize,
    /// What the replica that prefilled it measured.
    pub(super) prefilled: Option<Prefilled>,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// All of its replicas are down.
    Parked,
    /// In a replica that prefills it for another.
    Prefill(usize),
    /// Its KV is on the way from one replica to another, or about to be.
    Moving,
    /// In a replica that serves or decodes it.
    Serve(usize),
}

/// What is known of a request when its prompt is prefilled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefilled {
    pub(super) first_token: SimTime,
    pub(super) cached: u32,
    pub(super) preemptions: u32,
    /// Tokens whose KV was where it was to go already.
    pub(super) spared: u32,
}

/// KV on its way.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) from: Seat,
    pub(super) source: Held,
    /// Where it goes, once that is chosen.
    pub(super) to: Option<Seat>,
    /// Its pages there, once there are any, and since when.
    pub(super) target: Option<(Held, SimTime)>,
    /// How often it was given any.
    pub(super) landings: u32,
}

/// What waits for a replica to return.
#[derive(Debug)]
pub(super) enum Parked {
    /// A request that no replica has seen.
    Fresh(RequestId),
    /// A sequence that a replica lost.
    Lost(Migrant),
    /// A prefilled one.
    Prefilled(RequestId),
}

impl Flight {
    /// What became of the request, by what its last replica measured.
    pub(super) fn outcome(&self, last: &Outcome) -> Outcome {
        let (cached, before) =
            self.prefilled.map_or((last.cached, 0), |first| (first.cached, first.preemptions));
        let preemptions = last.preemptions + before;
        Outcome { cached, preemptions, output: self.request.output, ..*last }
    }
}

/// Everything that happens in a fleet besides the ends of its replicas' steps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// The next flow has ended, if no flow started or ended since this was scheduled.
    Sent { generation: u64 },
    /// A replica returns.
    Return(usize),
    /// A replica fails; by the drawn times it does so again.
    Fail { member: usize, down: Option<SimSpan> },
    /// A replica starts anew with more or fewer parts.
    Become { member: usize, change: usize },
    /// NICs of a replica fail, or return.
    Nics { fault: usize, is_loss: bool },
    /// A prefilled request looks for a replica that decodes it.
    Land(RequestId),
    /// KV begins to flow, unless its way was changed.
    Depart { id: RequestId, landing: u32 },
    /// The replicas of a pool report.
    Report { pool: usize },
    /// Something happens below HBM, if nothing else was scheduled there since.
    Tiers { generation: u64 },
    /// The context of a session whose tool is about to end is fetched.
    Ahead(u64),
}

impl Phased for Event {
    /// Pages are given back before they are asked for; reports come last.
    fn phase(&self) -> u8 {
        match self {
            Self::Sent { .. } | Self::Tiers { .. } => 0,
            Self::Return(_) => 1,
            Self::Fail { .. } | Self::Become { .. } | Self::Nics { .. } => 2,
            Self::Land(_) => 3,
            Self::Depart { .. } | Self::Ahead(_) => 4,
            Self::Report { .. } => 5,
        }
    }
}

/// What happens to replicas and between them, for whoever draws it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Passage {
    /// A request goes to a replica.
    Routed {
        /// Its number in the run.
        request: u32,
        /// The replica's number in the fleet, or that of a group of its ranks among all.
        replica: u32,
    },
    /// KV begins to flow from one replica to another.
    Departed {
        /// Whose.
        request: u32,
        /// Who prefilled it.
        from: u32,
        /// Who is to decode it.
        to: u32,
        /// How much.
        bytes: Bytes,
    },
    /// All of it is there.
    Arrived {
        /// Whose.
        request: u32,
    },
    /// It will never be: a replica at one of the ends has failed.
    Broken {
        /// Whose.
        request: u32,
    },
    /// A replica is gone.
    Failed {
        /// Its number in the fleet.
        replica: u32,
    },
    /// It is back.
    Returned {
        /// Its number in the fleet.
        replica: u32,
    },
    /// KV has begun to move between HBM and the stores below it, or has ended to.
    Moved(Moved),
}

/// What has passed since it was last asked for, if somebody asks at all.
#[derive(Debug, Default)]
pub(super) struct Passages(Option<Vec<(SimTime, Passage)>>);

impl Passages {
    pub(super) fn note(&mut self, at: SimTime, passage: Passage) {
        if let Some(kept) = &mut self.0 {
            kept.push((at, passage));
        }
    }
}

impl Passage {
    /// The same, where the fleet's replicas are numbered from `first` on.
    pub(in crate::cluster) fn behind(self, first: u32) -> Self {
        match self {
            Self::Routed { request, replica } => Self::Routed { request, replica: first + replica },
            Self::Departed { request, from, to, bytes } => {
                Self::Departed { request, from: first + from, to: first + to, bytes }
            }
            Self::Failed { replica } => Self::Failed { replica: first + replica },
            Self::Returned { replica } => Self::Returned { replica: first + replica },
            Self::Arrived { .. } | Self::Broken { .. } | Self::Moved(_) => self,
        }
    }
}

impl<P: Pricer> Fleet<P> {
    /// Keeps notes of its replicas and of what passes between them from now on.
    pub(in crate::cluster) fn keep_passages(&mut self) {
        self.members.iter_mut().for_each(|member| member.replica.keep_notes());
        self.passages.0.get_or_insert_default();
        if let Some(ground) = &mut self.below {
            ground.keep_steps();
        }
    }

    /// What has passed since the last time.
    pub(in crate::cluster) fn take_passages(&mut self) -> impl Iterator<Item = (SimTime, Passage)> {
        let mut moved = self.below.as_mut().map(Ground::take_steps).unwrap_or_default();
        for (_, step) in &mut moved {
            if let Moved::Begun(what) = step {
                // What comes and goes is the replica's; it is drawn beside the first of its groups.
                what.replica = self.number(Seat { member: what.replica as usize, rank: 0 });
            }
        }
        let moved = moved.into_iter().map(|(at, step)| (at, Passage::Moved(step)));
        self.passages.0.as_mut().map(|kept| kept.drain(..)).into_iter().flatten().chain(moved)
    }

    /// Its replicas, in order of their numbers.
    pub(in crate::cluster) fn replicas(&mut self) -> impl Iterator<Item = &mut Worker<P>> {
        self.members.iter_mut().map(|member| &mut member.replica)
    }

    /// Groups of ranks of all its replicas.
    pub(in crate::cluster) fn groups(&self) -> u32 {
        self.members.iter().map(|member| member.landings.len() as u32).sum()
    }

    /// The number of a group of ranks among those of all replicas.
    pub(super) fn number(&self, Seat { member, rank }: Seat) -> u32 {
        let before = self.members[..member].iter().map(|member| member.landings.len());
        (before.sum::<usize>() + rank) as u32
    }

    /// Notes that a request goes to a group.
    pub(super) fn note_routed(&mut self, now: SimTime, id: RequestId, seat: Seat) {
        if self.passages.0.is_some() {
            let replica = self.number(seat);
            self.passages.note(now, Passage::Routed { request: id.0, replica });
        }
    }

    /// Notes what befalls all groups of a replica.
    pub(super) fn note_all(&mut self, now: SimTime, member: usize, of: impl Fn(u32) -> Passage) {
        for rank in 0..self.members[member].landings.len() {
            let passage = of(self.number(Seat { member, rank }));
            self.passages.note(now, passage);
        }
    }
}
