//! One pseudo-channel and its controller: open pages, first ready first come, writes in batches.

use super::bank::{Bank, Way};
use super::clocks::Clocks;
use super::loss::{Cause, Losses};
use super::pattern::Refresh;
use super::queue::Queue;
use super::walk::Walk;

/// Intervals between refreshes that pass before measuring, and that are measured.
const WARM_UP: u64 = 1;
const MEASURED: u64 = 4;

/// Before the first command, so that no distance reaches below zero.
const START: u64 = 1 << 20;

/// The last commands to one bank group.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    activated: u64,
    read: u64,
    written: u64,
}

/// What is asked of the channel: two walks, and how often each is next.
pub(super) struct Source {
    pub(super) reads: Walk,
    pub(super) writes: Walk,
    /// Share of reads.
    pub(super) share: f64,
    /// Bursts asked for together.
    pub(super) together: u32,
}

/// Sizes of the channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) banks: u32,
    pub(super) per_group: u32,
    /// Bank groups of four dies.
    pub(super) groups: u32,
    /// Reads that the controller sees, and writes that it can hold back.
    pub(super) reads: usize,
    pub(super) writes: usize,
}

/// The state of a run.
pub(super) struct Channel {
    clocks: Clocks,
    sizes: Sizes,
    refresh: Refresh,
    banks: Vec<Bank>,
    groups: Vec<Group>,
    reads: Queue,
    writes: Queue,
    /// Whether the next bursts of the source are reads, and how many of them are left.
    next: (Way, u32),
    /// The part of a read that is owed.
    owed: f64,
    way: Way,
    now: u64,
    /// The last four activates, the oldest first.
    activates: [u64; 4],
    /// No activate from here to there, for a refresh of another bank.
    blocked: (u64, u64),
    row_bus: u64,
    /// The last column command.
    last: (u64, Way, u32),
    /// The next refresh, and banks that this round has left.
    due: u64,
    unrefreshed: Vec<u32>,
}

/// A command that can be issued: when, and for which burst.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: u64,
    age: u64,
    bank: u32,
    /// The burst's place among those that wait for the bank.
    place: usize,
}

/// Keeps the candidate that can go first; of equals, the older.
fn earlier(best: &mut Option<Candidate>, new: Candidate) {
    if best.is_none_or(|best| (new.at, new.age) < (best.at, best.age)) {
        *best = Some(new);
    }
}

impl Channel {
    pub(super) fn new(clocks: Clocks, sizes: Sizes, refresh: Refresh) -> Self {
        Self {
            clocks,
            sizes,
            refresh,
            banks: vec![Bank::CLOSED; sizes.banks as usize],
            groups: vec![Group::default(); (sizes.banks / sizes.per_group) as usize],
            reads: Queue::new(sizes.banks),
            writes: Queue::new(sizes.banks),
            next: (Way::Read, 0),
            owed: 0.0,
            way: Way::Read,
            now: START,
            activates: [0; 4],
            blocked: (0, 0),
            row_bus: 0,
            last: (START, Way::Read, 0),
            due: if refresh == Refresh::None { u64::MAX } else { START },
            unrefreshed: Vec::new(),
        }
    }

    /// Runs `source` into its steady state: bursts' share of the time, and what the rest is.
    pub(super) fn run(mut self, source: &mut Source) -> (f64, Losses) {
        let from = START + WARM_UP * self.clocks.refi;
        let until = from + MEASURED * self.clocks.refi;
        let mut losses = Losses::default();
        let mut begun = None;
        loop {
            self.refill(source);
            let before = self.last.0;
            let Some(cause) = self.step() else { continue };
            let at = self.last.0;
            if let Some(begun) = begun {
                losses.charge(cause, (at - before).saturating_sub(self.clocks.burst));
                if at >= until {
                    let losses = losses.over(at - begun);
                    return (1.0 - losses.total(), losses);
                }
            } else if at >= from {
                begun = Some(at);
            }
        }
    }

    /// Fills the queues in the order of the source; a full one stops it.
    fn refill(&mut self, source: &mut Source) {
        loop {
            if self.next.1 == 0 {
                self.owed += source.share;
                let way = if self.owed >= 1.0 - 1e-9 { Way::Read } else { Way::Write };
                self.owed -= if way == Way::Read { 1.0 } else { 0.0 };
                self.next = (way, source.together);
            }
            let (queue, walk, most) = match self.next.0 {
                Way::Read => (&mut self.reads, &mut source.reads, self.sizes.reads),
                Way::Write => (&mut self.writes, &mut source.writes, self.sizes.writes),
            };
            if queue.len() >= most {
                return;
            }
            queue.push(walk.next(), self.now);
            self.next.1 -= 1;
        }
    }

    /// Issues the next command; what the data bus waited for, if it is a read or a write.
    fn step(&mut self) -> Option<Cause> {
        self.turn();
        let (column, row) = self.candidates();
        let first = [&column, &row].into_iter().flatten().map(|found| found.at).min();
        if first.is_none_or(|first| self.due <= first) {
            self.now = self.now.max(self.due);
            self.refresh();
            return None;
        }
        match (row, column) {
            (Some(row), column) if column.is_none_or(|column| row.at <= column.at) => {
                self.open(row);
                None
            }
            (_, Some(column)) => Some(self.access(column)),
            _ => None,
        }
    }

    /// Turns to the writes when their queue is nearly full, and back when it is nearly empty.
    fn turn(&mut self) {
        let (high, low) = (self.sizes.writes * 7 / 8, self.sizes.writes / 4);
        let no_reads = self.reads.len() == 0;
        self.way = match self.way {
            Way::Read if self.writes.len() >= high || no_reads => Way::Write,
            Way::Write if no_reads => Way::Write,
            Way::Write if self.writes.len() <= low => Way::Read,
            way => way,
        };
    }

    fn waiting(&self) -> &Queue {
        match self.way {
            Way::Read => &self.reads,
            Way::Write => &self.writes,
        }
    }

    fn group_of(&self, bank: u32) -> u32 {
        bank / self.sizes.per_group
    }

    /// When the column command of a burst in an open row may come, and what it waits for.
    fn column_at(&self, bank: u32) -> (u64, Cause) {
        let (clocks, way) = (&self.clocks, self.way);
        let group = self.group_of(bank);
        let (last, last_way, last_group) = self.last;
        let dies = |group: u32| group / self.sizes.groups;
        let same_dies = dies(group) == dies(last_group);
        let bus = match (last_way, way) {
            (Way::Read, Way::Write) => (last + clocks.rtw, Cause::Turnaround),
            (Way::Write, Way::Read) => (last + clocks.wtr_s, Cause::Turnaround),
            _ if same_dies => (last + clocks.ccd_s, Cause::BusGap),
            _ => (last + clocks.ccd_r, Cause::BusGap),
        };
        let touched = &self.groups[group as usize];
        let within = match way {
            Way::Read => (touched.read + clocks.ccd_l, Cause::BusGap),
            Way::Write => (touched.written + clocks.ccd_l, Cause::BusGap),
        };
        let turned = match way {
            Way::Read => (touched.written + clocks.wtr_l, Cause::Turnaround),
            Way::Write => (0, Cause::Turnaround),
        };
        let bank = &self.banks[bank as usize];
        let row = (bank.ready(way), bank.cause);
        let all = [bus, within, turned, row];
        let binding = all.into_iter().max_by_key(|one| one.0).expect("there are four");
        (binding.0.max(self.now), binding.1)
    }

    /// The column and the row command that can go first; of equals, that of the oldest burst.
    ///
    /// Rows that a burst waits for stay open.
    fn candidates(&self) -> (Option<Candidate>, Option<Candidate>) {
        let queue = self.waiting();
        let (mut column, mut row) = (None, None);
        for bank in queue.banks() {
            let open = self.banks[bank as usize].open;
            let hit = open.and_then(|open| queue.hit(bank, open));
            if let Some((place, age)) = hit {
                let at = self.column_at(bank).0;
                earlier(&mut column, Candidate { at, age, bank, place });
            } else {
                let (at, age) = (self.row_at(bank), queue.oldest(bank).age);
                earlier(&mut row, Candidate { at, age, bank, place: 0 });
            }
        }
        (column, row)
    }

    /// When a bank can be closed, or, if it is, opened.
    fn row_at(&self, bank: u32) -> u64 {
        let found = &self.banks[bank as usize];
        let free = self.now.max(self.row_bus);
        if found.open.is_some() {
            return free.max(found.pre_ready);
        }
        let group = &self.groups[self.group_of(bank) as usize];
        let clocks = &self.clocks;
        let at = [
            found.act_ready,
            self.activates[3] + clocks.rrd_s,
            group.activated + clocks.rrd_l,
            self.activates[0] + clocks.faw,
        ]
        .into_iter()
        .fold(free, u64::max);
        let (from, until) = self.blocked;
        if (from..until).contains(&at) { until } else { at }
    }

    /// Closes or opens the bank of a waiting burst.
    fn open(&mut self, Candidate { at, bank, .. }: Candidate) {
        let oldest = self.waiting().oldest(bank);
        let group = self.group_of(bank) as usize;
        self.now = at;
        let found = &mut self.banks[bank as usize];
        if found.open.is_some() {
            found.precharge(at, oldest.seen, &self.clocks);
            self.row_bus = at + 1;
            return;
        }
        found.activate(oldest.row, at, oldest.seen, &self.clocks);
        if at == self.blocked.1 {
            found.cause = Cause::Refresh;
        }
        self.activates.rotate_left(1);
        self.activates[3] = at;
        self.groups[group].activated = at;
        // An activate takes two clocks of the row bus.
        self.row_bus = at + 2;
    }

    /// Reads or writes a waiting burst.
    fn access(&mut self, Candidate { at, bank, place, .. }: Candidate) -> Cause {
        let cause = self.column_at(bank).1;
        let group = self.group_of(bank);
        let touched = &mut self.groups[group as usize];
        match self.way {
            Way::Read => {
                touched.read = at;
                self.reads.take(bank, place);
            }
            Way::Write => {
                touched.written = at;
                self.writes.take(bank, place);
            }
        }
        self.banks[bank as usize].access(self.way, at, &self.clocks);
        self.last = (at, self.way, group);
        self.now = at;
        cause
    }

    fn refresh(&mut self) {
        let clocks = self.clocks;
        if self.refresh == Refresh::AllBank {
            let begin = self.banks.iter().map(|bank| bank.refreshable(self.now, &clocks)).max();
            let until = begin.expect("a channel has banks") + clocks.rfc_all;
            self.banks.iter_mut().for_each(|bank| bank.refresh(until));
            self.due += clocks.between_refreshes(1);
            return;
        }
        if self.unrefreshed.is_empty() {
            self.unrefreshed = (0..self.sizes.banks).rev().collect();
        }
        let bank = self.idlest();
        let begin = self.banks[bank as usize].refreshable(self.now, &clocks);
        self.banks[bank as usize].refresh(begin + clocks.rfc_bank);
        self.blocked = (begin, begin + clocks.rrefd);
        self.due += clocks.between_refreshes(u64::from(self.sizes.banks));
    }

    /// Takes, of the banks that this round has left, the one that the fewest bursts wait for.
    fn idlest(&mut self) -> u32 {
        let demand = |bank: u32| self.reads.demand(bank) + self.writes.demand(bank);
        let left = self.unrefreshed.iter().enumerate();
        let least = left.min_by_key(|(_, bank)| demand(**bank));
        let (index, _) = least.expect("a round has banks left");
        self.unrefreshed.swap_remove(index)
    }
}
