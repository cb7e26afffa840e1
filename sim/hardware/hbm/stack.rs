//! A chip's stacked memory, and what it gives.

use std::sync::OnceLock;

use super::channel::{Channel, Sizes, Source};
use super::clocks::Clocks;
use super::loss::Losses;
use super::pattern::{Access, Pattern, Refresh};
use super::timing::{OnDie, Timing, controller, timing};
use super::walk::{Mapping, Walk};
use crate::hardware::chip::{Memory, Stacks};
use crate::units::BytesPerSec;

/// Bytes that a core asks for at once.
const TOGETHER: u64 = 64;

/// Sets of four dies that a stack can have.
const DIES: std::ops::RangeInclusive<u32> = 1..=8;

/// Every answer of this process; what it is does not depend on who asked first.
static KNOWN: Memo = Memo::new();

/// A stacked memory of a kind whose times are known.
#[derive(Clone, Copy, Debug)]
pub struct Hbm {
    kind: &'static str,
    timing: &'static Timing,
    stacks: Stacks,
}

/// What a memory gives of its pins' peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Achieved {
    /// Bursts' share of the time on the data bus, before anything is lost on the die.
    pub fraction: f64,
    /// The rest of the time, by what it waited for.
    pub losses: Losses,
    /// All pins' peak times the fraction.
    pub bandwidth: BytesPerSec,
}

impl Hbm {
    /// The model of `memory`; `None` if it is not stacked, or of an unknown kind.
    pub fn of(memory: &Memory) -> Option<Self> {
        let (kind, timing) = timing(&memory.kind)?;
        Some(Self { kind, timing, stacks: memory.stacks? })
    }

    /// The kind as the standard spells it: `HBM3e`.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Pseudo-channels of the whole chip.
    pub fn channels(&self) -> u32 {
        let per_stack = (self.stacks.pins / self.timing.geometry.width).max(1);
        per_stack.saturating_mul(self.stacks.count)
    }

    /// How its spec says that it is refreshed.
    pub const fn refresh(&self) -> Refresh {
        self.stacks.refresh
    }

    /// The share of a stream of reads.
    pub fn stream(&self) -> f64 {
        self.achieved(Access { refresh: self.refresh(), ..Access::STREAM }).fraction
    }

    /// Whether a stream gets the same share of the peak from both, for they are built alike.
    pub fn streams_like(&self, other: &Self) -> bool {
        let build = |stacks: &Stacks| (stacks.height, stacks.die, stacks.pin_rate, stacks.refresh);
        self.kind == other.kind && build(&self.stacks) == build(&other.stacks)
    }

    /// What is lost between pins and cores, by measurement.
    pub const fn on_die(&self) -> &'static OnDie {
        &self.timing.on_die
    }

    /// What `access` gets. Each is simulated once per process.
    pub fn achieved(&self, access: Access) -> Achieved {
        let Stacks { height, die, pin_rate, .. } = self.stacks;
        // Only what is dealt out depends on how many channels there are.
        let channels = if access.pattern == Pattern::Stream { 0 } else { self.channels() };
        let question =
            format!("{} {height} {} {pin_rate} {channels} {access:?}", self.kind, die.get());
        let (fraction, losses) = KNOWN.get(&question, || self.simulated(access));
        Achieved { fraction, losses, bandwidth: self.stacks.bandwidth() * fraction }
    }

    fn simulated(&self, access: Access) -> (f64, Losses) {
        let (geometry, controller) = (&self.timing.geometry, controller());
        let dies = (self.stacks.height / 4).clamp(*DIES.start(), *DIES.end());
        let burst = u64::from(geometry.width * geometry.burst / 8);
        let mapping = Mapping::new(geometry, controller, dies);
        let walk = |name| {
            let channels = u64::from(self.channels());
            Walk::new(name, access.pattern, channels, (mapping, burst), controller.granule)
        };
        let mut source = Source {
            reads: walk("reads"),
            writes: walk("writes"),
            share: access.reads,
            together: (TOGETHER / burst) as u32,
        };
        let sizes = Sizes {
            banks: geometry.banks * dies,
            per_group: geometry.banks / geometry.groups,
            groups: geometry.groups,
            reads: controller.queue,
            writes: controller.write_queue,
        };
        let clocks = Clocks::of(self.timing, &self.stacks);
        Channel::new(clocks, sizes, access.refresh).run(&mut source)
    }
}

/// A list that only grows at its end; each place is written once, so readers never wait.
struct Memo {
    first: OnceLock<Box<Known>>,
}

struct Known {
    question: String,
    answer: (f64, Losses),
    rest: Memo,
}

impl Memo {
    const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    /// The answer to `question`, from `ask` if it is a new one.
    fn get(&self, question: &str, ask: impl Fn() -> (f64, Losses)) -> (f64, Losses) {
        let mut place = self;
        loop {
            let known = place.first.get_or_init(|| {
                let rest = Self::new();
                Box::new(Known { question: question.into(), answer: ask(), rest })
            });
            if known.question == question {
                return known.answer;
            }
            place = &known.rest;
        }
    }
}
