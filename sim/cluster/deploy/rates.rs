//! How often parts of chips fail, and when: rates, the published ones, and what is drawn from them.

use std::sync::LazyLock;

use serde::Deserialize;

use super::degraded::nics_of;
use crate::des::{Stream, Streams};
use crate::hardware::{Chip, Class};
use crate::units::{Seconds, SimSpan};

/// A kind of part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// A chip.
    Chip,
    /// A stack of HBM.
    Stack,
    /// A chip's scale-up link, or a share of it.
    Link,
    /// A NIC, or its way to other domains.
    Nic,
}

impl PartKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Chip, Self::Stack, Self::Link, Self::Nic];

    /// The key in flags and JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::Stack => "stack",
            Self::Link => "link",
            Self::Nic => "nic",
        }
    }

    /// The name of its random stream.
    const fn stream(self) -> &'static str {
        match self {
            Self::Chip => "part faults: chip",
            Self::Stack => "part faults: stack",
            Self::Link => "part faults: link",
            Self::Nic => "part faults: nic",
        }
    }
}

/// Mean times between failures of one part, by kind; kinds without one never fail.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartRates([Option<Seconds>; PartKind::ALL.len()]);

/// The file of published faults.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFaults {
    /// Where it was published.
    pub title: String,
    /// How far it can be trusted.
    pub class: Class,
    /// When.
    pub date: String,
    /// The chips.
    pub chip: String,
    /// How many.
    pub chips: u32,
    /// For how long.
    pub days: f64,
    cause: Vec<Cause>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cause {
    #[expect(dead_code, reason = "for readers of the file")]
    name: String,
    count: u32,
    part: Option<PartKind>,
}

impl PublishedFaults {
    /// Those that the program carries.
    ///
    /// # Panics
    /// Never: a test reads them.
    pub fn embedded() -> &'static Self {
        static FAULTS: LazyLock<PublishedFaults> = LazyLock::new(|| {
            let text =
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/faults/llama-3.toml"));
            toml::from_str(text).expect("embedded faults are tested")
        });
        &FAULTS
    }

    /// Interruptions, of one kind of part or of all causes.
    pub fn count(&self, part: Option<PartKind>) -> u32 {
        let of = self.cause.iter().filter(|cause| part.is_none() || cause.part == part);
        of.map(|cause| cause.count).sum()
    }

    /// Their rates, `times` as often; of stacks there are `stacks` a chip. Kinds that they say
    /// nothing of never fail.
    pub fn rates(&self, stacks: u32, times: f64) -> PartRates {
        let watched = f64::from(self.chips) * self.days * 86_400.0 / times;
        let mut rates = PartRates::default();
        for kind in PartKind::ALL.into_iter().filter(|&kind| self.count(Some(kind)) > 0) {
            let each = if kind == PartKind::Stack { f64::from(stacks) } else { 1.0 };
            let count = f64::from(self.count(Some(kind)));
            rates.set(kind, Seconds::new(watched * each / count));
        }
        rates
    }
}

impl PartRates {
    /// The mean time between failures of one part of a kind.
    pub fn get(&self, kind: PartKind) -> Option<Seconds> {
        self.0[kind as usize]
    }

    /// Sets it.
    pub fn set(&mut self, kind: PartKind, between: Seconds) {
        self.0[kind as usize] = Some(between);
    }

    /// The same, where parts of a kind never fail.
    #[must_use]
    pub fn without(mut self, kind: PartKind) -> Self {
        self.0[kind as usize] = None;
        self
    }

    /// Of the parts of so many `chip`s, the mean time to the next failure of any of a kind.
    fn of_replica(&self, kind: PartKind, chip: &Chip, chips: u32) -> Option<Seconds> {
        let parts = match kind {
            PartKind::Chip | PartKind::Link => chips,
            PartKind::Stack => chips * chip.memory.stacks.map_or(0, |stacks| stacks.count),
            PartKind::Nic => nics_of(chip, chips),
        };
        let parts = f64::from(parts);
        self.get(kind).filter(|_| parts > 0.0).map(|between| between * (1.0 / parts))
    }

    /// The faults of a replica of so many `chip`s before `horizon`, in order of time. Each kind has
    /// a stream of its own for each replica: one that is switched off leaves the others.
    pub fn draw(
        &self,
        (chip, chips): (&Chip, u32),
        repair: SimSpan,
        horizon: SimSpan,
        (streams, replica): (Streams, usize),
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        for kind in PartKind::ALL {
            let Some(mean) = self.of_replica(kind, chip, chips) else { continue };
            let mut stream = streams.named(kind.stream(), replica as u64);
            let mut at = time(&mut stream, mean);
            while at < horizon {
                let down = time(&mut stream, repair.seconds());
                faults.push(Fault { kind, at, back: at + down });
                at += time(&mut stream, mean);
            }
        }
        faults.sort_by_key(|fault| (fault.at, fault.kind));
        faults
    }
}

fn time(stream: &mut Stream, mean: Seconds) -> SimSpan {
    // No later than anything that is simulated.
    SimSpan::from_seconds(Seconds::new(stream.exponential(mean.get()).min(1e7)))
}

/// A part that fails and returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which.
    pub kind: PartKind,
    /// When.
    pub at: SimSpan,
    /// When it is back.
    pub back: SimSpan,
}

/// What a replica lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// A stack, of at least one of its chips.
    pub stack: bool,
    /// A link, or a share of it.
    pub link: bool,
    /// A NIC, where it spans domains.
    pub nic: bool,
}

/// A time for which a replica is down, and what it lacks afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// From when.
    pub at: SimSpan,
    /// Until when.
    pub until: SimSpan,
    /// Parts that fail meanwhile, by kind.
    pub faults: [u64; PartKind::ALL.len()],
    /// What it lacks then.
    pub lacks: Lack,
    /// Whether it lacked other parts before.
    pub is_change: bool,
}

/// The times for which faults of a replica's parts keep it down; it takes `restart` to start
/// without a part, or with it again. What touches is one time.
pub fn spells(faults: &[Fault], restart: SimSpan) -> Vec<Spell> {
    let starts = faults.iter().map(|fault| (fault.at, true, *fault));
    let ends = faults.iter().map(|fault| (fault.back, false, *fault));
    let mut marks: Vec<_> = starts.chain(ends).collect();
    marks.sort_by_key(|(at, is_start, fault)| (*at, *is_start, fault.kind));
    let (mut missing, mut before) = ([0_i64; PartKind::ALL.len()], Lack::default());
    let mut spells: Vec<Spell> = Vec::new();
    for (at, is_start, fault) in marks {
        missing[fault.kind as usize] += if is_start { 1 } else { -1 };
        let has = |kind: PartKind| missing[kind as usize] > 0;
        let lacks = Lack {
            stack: has(PartKind::Stack),
            link: has(PartKind::Link),
            nic: has(PartKind::Nic),
        };
        let until = match (fault.kind, is_start) {
            (PartKind::Chip, true) => Some(fault.back),
            (PartKind::Chip, false) => None,
            (_, true) => Some(at + restart),
            (_, false) => (lacks != before).then_some(at + restart),
        };
        before = lacks;
        let Some(until) = until else { continue };
        if spells.last().is_none_or(|last| last.until < at) {
            let known = spells.last().map_or(Lack::default(), |last| last.lacks);
            let new = Spell {
                at,
                until,
                faults: [0; PartKind::ALL.len()],
                lacks: known,
                is_change: false,
            };
            spells.push(new);
        }
        let known = spells.iter().rev().nth(1).map_or(Lack::default(), |last| last.lacks);
        let spell = spells.last_mut().expect("there is one");
        spell.until = spell.until.max(until);
        spell.faults[fault.kind as usize] += u64::from(is_start);
        (spell.lacks, spell.is_change) = (lacks, lacks != known);
    }
    spells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    fn minutes(minutes: u64) -> SimSpan {
        SimSpan::from_ms(minutes * 60_000)
    }

    fn fault(kind: PartKind, at: u64, back: u64) -> Fault {
        Fault { kind, at: minutes(at), back: minutes(back) }
    }

    #[test]
    fn the_published_table_adds_up() {
        let published = PublishedFaults::embedded();
        assert_eq!(published.count(None), 419);
        let by_part = PartKind::ALL.map(|kind| published.count(Some(kind)));
        assert_eq!(by_part, [196, 72, 0, 42]);
        // 16,384 chips for 54 days meet as many as were counted.
        let rates = published.rates(5, 1.0);
        let chip_s = 16_384.0 * 54.0 * 86_400.0;
        let expected = |kind, each: f64| -> f64 { chip_s * each / rates.get(kind).unwrap().get() };
        assert!((expected(PartKind::Chip, 1.0) - 196.0).abs() < 1e-9);
        assert!((expected(PartKind::Stack, 5.0) - 72.0).abs() < 1e-9);
        assert!((expected(PartKind::Nic, 1.0) - 42.0).abs() < 1e-9);
        assert_eq!(rates.get(PartKind::Link), None);
    }

    #[test]
    fn as_many_fail_as_rates_say() {
        let catalog = Catalog::embedded();
        let chip = catalog.chip("h100-sxm").unwrap();
        let mut rates = PartRates::default();
        rates.set(PartKind::Chip, Seconds::new(8000.0));
        rates.set(PartKind::Stack, Seconds::new(20_000.0));
        let horizon = SimSpan::from_ms(1_000_000_000);
        let draw = |rates: &PartRates, replica| {
            rates.draw((chip, 8), minutes(10), horizon, (Streams::new(7), replica))
        };
        let all: Vec<Fault> = (0..20).flat_map(|replica| draw(&rates, replica)).collect();
        // 20 replicas × 10⁶ s × 8 chips / 8,000 s, and 5 stacks a chip / 20,000 s: Poisson counts.
        for (kind, expected) in [(PartKind::Chip, 20_000.0_f64), (PartKind::Stack, 40_000.0)] {
            let count = all.iter().filter(|fault| fault.kind == kind).count() as f64;
            assert!((count - expected).abs() < 4.0 * expected.sqrt(), "{kind:?}: {count}");
        }
        let down: f64 = all.iter().map(|fault| (fault.back - fault.at).seconds().get()).sum();
        assert!((down / all.len() as f64 / 600.0 - 1.0).abs() < 0.02);
        // Without stacks' faults those of chips are what they were.
        let mut chips = PartRates::default();
        chips.set(PartKind::Chip, Seconds::new(8000.0));
        let mut kept = draw(&rates, 3);
        kept.retain(|fault| fault.kind == PartKind::Chip);
        assert_eq!(kept, draw(&chips, 3));
    }

    #[test]
    fn spells_hold_every_fault_once_and_never_touch() {
        let catalog = Catalog::embedded();
        let chip = catalog.chip("h100-sxm").unwrap();
        let rates = PublishedFaults::embedded().rates(5, 20_000.0);
        for replica in 0..50 {
            let at = (Streams::new(1), replica);
            let faults = rates.draw((chip, 8), minutes(10), minutes(10_000), at);
            let spells = spells(&faults, minutes(2));
            assert!(!faults.is_empty());
            let held: u64 = spells.iter().flat_map(|spell| spell.faults).sum();
            assert_eq!(held, faults.len() as u64);
            assert!(spells.windows(2).all(|pair| pair[0].until < pair[1].at));
            assert!(spells.iter().all(|spell| spell.at < spell.until));
            assert_eq!(spells.last().unwrap().lacks, Lack::default(), "all parts return");
        }
    }

    #[test]
    fn what_overlaps_is_one_time_down() {
        let restart = minutes(2);
        let faults = [
            fault(PartKind::Stack, 10, 60),
            fault(PartKind::Chip, 11, 30),
            fault(PartKind::Stack, 40, 70),
        ];
        let found = spells(&faults, restart);
        let brief: Vec<_> =
            found.iter().map(|s| (s.at, s.until, s.faults, s.lacks.stack, s.is_change)).collect();
        let expected = [
            (minutes(10), minutes(30), [1, 1, 0, 0], true, true),
            (minutes(40), minutes(42), [0, 1, 0, 0], true, false),
            // The first stack's return changes nothing while the second is gone.
            (minutes(70), minutes(72), [0, 0, 0, 0], false, true),
        ];
        assert_eq!(brief, expected);
    }
}
