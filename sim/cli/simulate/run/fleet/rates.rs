//! Parts of replicas that fail at rates.

use std::collections::BTreeSet;

use clap::Args;

use super::flags::{FleetFlags, PrefillPool};
use super::parts::{reason, restart_of, spans_domains};
use crate::cli::CliError;
use crate::cluster::{
    Deployment, Fault, Fleet, Form, Lack, NicFault, Order, Part, PartKind, PartRates,
    PublishedFaults, nics_of, spells,
};
use crate::cost::StepProgram;
use crate::des::Streams;
use crate::hardware::Chip;
use crate::serving::{Speculating, Speculation};
use crate::units::{Seconds, SimSpan};

/// Rates of faults.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fleet")]
pub(in crate::cli::simulate::run) struct RateFlags {
    /// Parts of all replicas fail at drawn times, each part of a kind for itself, after so long on
    /// average: `chip=20000h stack=50000h link=80000h nic=80000h`; `published`: as often as in
    /// Meta's training of Llama 3 405B, of 16,384 H100s in 54 days; `published x100`: a hundred
    /// times as often. They return after --repair on average; a link takes a switch's share with it
    #[arg(long, value_name = "RATES", num_args = 1.., value_parser = words)]
    part_faults: Vec<Words>,
}

/// A word of the flag.
#[derive(Clone, Copy, Debug)]
enum Word {
    Published,
    Times(f64),
    Rate(PartKind, Seconds),
}

/// Words of one argument, or of one string in a file.
type Words = std::sync::Arc<[Word]>;

fn words(text: &str) -> Result<Words, String> {
    text.split_whitespace().map(word).collect()
}

/// A part that fails more often leaves its replica no time; one that fails less often never does.
const BETWEEN_S: std::ops::RangeInclusive<f64> = 1.0..=3e12;

fn word(text: &str) -> Result<Word, String> {
    let form = || format!("write `chip=20000h`, `published` or `published x100`, not `{text}`");
    if text == "published" {
        return Ok(Word::Published);
    }
    if let Some(times) = text.strip_prefix('x') {
        let times = times.parse().ok().filter(|times| (1e-6..=1e9).contains(times));
        return times
            .map(Word::Times)
            .ok_or_else(|| format!("write a factor from x0.000001 to x1000000000, not `{text}`"));
    }
    let (kind, between) = text.split_once('=').ok_or_else(form)?;
    let kind = PartKind::ALL.into_iter().find(|one| one.key() == kind).ok_or_else(form)?;
    let between: Seconds = between.parse().map_err(|error| format!("{error}"))?;
    if !BETWEEN_S.contains(&between.get()) {
        return Err("give from 1s to 800000000h between two faults of a part".into());
    }
    Ok(Word::Rate(kind, between))
}

impl Word {
    /// The key of the kind that it is the rate of.
    fn kind(self) -> Option<&'static str> {
        match self {
            Self::Rate(kind, _) => Some(kind.key()),
            _ => None,
        }
    }
}

impl RateFlags {
    /// Whether any part can fail so.
    pub(super) fn is_on(&self) -> bool {
        !self.part_faults.is_empty()
    }

    /// Refuses words that do not go together, and runs without an end.
    pub(super) fn check(&self, horizon: Option<SimSpan>) -> Result<(), CliError> {
        if !self.is_on() {
            return Ok(());
        }
        let refuse = |value: &str, problem: &str, remedy: &str| {
            let (value, problem, remedy) = (value.into(), problem.into(), remedy.into());
            Err(CliError::Flag { flag: "--part-faults", value, problem, remedy })
        };
        let count = |is: fn(&Word) -> bool| self.words().filter(is).count();
        let published = count(|word| matches!(word, Word::Published));
        let given = count(|word| matches!(word, Word::Rate(..)));
        let times = count(|word| matches!(word, Word::Times(_)));
        let kinds: BTreeSet<_> = self.words().filter_map(Word::kind).collect();
        if published > 1 || times > 1 || kinds.len() < given {
            let problem = "a rate, or a factor, is given twice";
            return refuse("is set", problem, "keep one of each");
        }
        if published > 0 && given > 0 || times > 0 && published == 0 {
            let problem = "rates are either the published ones, times a factor, or given";
            return refuse("is set", problem, "write `published x100`, or `chip=20000h`");
        }
        if horizon.is_none() {
            let problem = "faults are drawn up to the end of a run, and this one has none";
            return refuse("is set", problem, "give a --duration");
        }
        Ok(())
    }

    fn words(&self) -> impl Iterator<Item = Word> {
        self.part_faults.iter().flat_map(|words| words.iter().copied())
    }

    fn rates(&self, chip: &Chip) -> PartRates {
        let mut rates = PartRates::default();
        let times = self.words().find_map(|word| match word {
            Word::Times(times) => Some(times),
            _ => None,
        });
        for word in self.words() {
            match word {
                Word::Published => {
                    // Their chip has five stacks; what counts is the rate of one.
                    rates = PublishedFaults::embedded().rates(STACKS, times.unwrap_or(1.0));
                }
                Word::Rate(kind, between) => rates.set(kind, between),
                Word::Times(_) => {}
            }
        }
        if chip.memory.stacks.is_none() { rates.without(PartKind::Stack) } else { rates }
    }

    /// What replicas of `whole` become without parts that can fail.
    fn forms(
        &self,
        (order, whole): (&Order, &Deployment),
        restart: Option<SimSpan>,
        is_handed: bool,
    ) -> Result<Forms, CliError> {
        let (mut rates, is_wide) = (self.rates(order.chip), spans_domains(order));
        if !is_handed && !is_wide {
            // Nothing passes over them.
            rates = rates.without(PartKind::Nic);
        }
        let has = |kind| rates.get(kind).is_some();
        let mut lessers = Vec::new();
        for bits in 1..8u8 {
            let [stack, link, nic] = [0, 1, 2].map(|bit| bits >> bit & 1 > 0);
            let is_possible = (!stack || has(PartKind::Stack))
                && (!link || has(PartKind::Link))
                && (!nic || has(PartKind::Nic) && is_wide);
            if is_possible {
                let lack = Lack { stack, link, nic };
                lessers.push((lack, lesser(order, lack)?));
            }
        }
        Ok(Forms {
            rates,
            chip: order.chip.clone(),
            chips: order.plan.gpus(),
            lessers,
            restart: restart_of(order, whole, restart)?,
            is_wide,
            is_handed,
        })
    }

    /// The forms of both pools, if parts fail.
    fn of_pools(
        &self,
        whole: (&Order, &Deployment),
        prefill: Option<&PrefillPool>,
        restart: Option<SimSpan>,
        is_handed: bool,
    ) -> Result<Option<[Option<Forms>; 2]>, CliError> {
        if !self.is_on() {
            return Ok(None);
        }
        let forms = |whole| self.forms(whole, restart, is_handed);
        let second = prefill.map(|pool| forms(pool.whole()));
        Ok(Some([Some(forms(whole)?), second.transpose()?]))
    }
}

impl FleetFlags {
    /// Refuses rates of faults that cannot be drawn.
    pub(in crate::cli::simulate::run) fn check_rates(
        &self,
        horizon: Option<SimSpan>,
    ) -> Result<(), CliError> {
        self.rates.check(horizon)
    }

    /// What replicas become whose parts fail by rates; KV passes over NICs if `is_handed` says so.
    pub(in crate::cli::simulate::run) fn forms(
        &self,
        whole: (&Order, &Deployment),
        prefill: Option<&PrefillPool>,
        is_handed: bool,
    ) -> Result<Option<[Option<Forms>; 2]>, CliError> {
        self.rates.of_pools(whole, prefill, self.parts.restart(), is_handed)
    }

    /// `fleet`, whose parts fail by rates until `horizon`.
    pub(in crate::cli::simulate::run) fn breaking<'a>(
        &self,
        mut fleet: Fleet<Speculating<&'a StepProgram>>,
        (forms, wholes): (&'a [Option<Forms>; 2], [Option<&'a Deployment>; 2]),
        speculation: Option<&Speculation>,
        (horizon, seed): (SimSpan, u64),
    ) -> Fleet<Speculating<&'a StepProgram>> {
        let (serving, prefilling) = self.counts();
        fleet = fleet.with_fault_figures();
        let ranges = [0..serving, serving..serving + prefilling];
        for ((forms, whole), members) in forms.iter().zip(wholes).zip(ranges) {
            if let (Some(forms), Some(whole)) = (forms, whole) {
                let when = (self.repair, horizon, seed);
                fleet = forms.breaking(fleet, (members, whole), speculation, when);
            }
        }
        fleet
    }
}

/// Stacks of the chips that the published faults are of.
const STACKS: u32 = 5;

/// The replicas of `order` without some of their parts.
fn lesser(order: &Order, lack: Lack) -> Result<Deployment, CliError> {
    let refuse = |problem: String| CliError::Flag {
        flag: "--part-faults",
        value: order.chip.name.clone(),
        problem,
        remedy: "give rates of other parts alone, or spread the model over more chips".into(),
    };
    let mut chip = order.chip.clone();
    // One of the switches that a chip's links lead to; half of them if their number is not known.
    let share = order.chip.fabric.switches.map_or(0.5, |switches| 1.0 / f64::from(switches));
    let link = Part::Link(share.min(0.5));
    let parts = [(lack.stack, Part::Stack), (lack.link, link), (lack.nic, Part::Nics(1))];
    for (_, part) in parts.into_iter().filter(|(is_gone, _)| *is_gone) {
        chip = part.taken_from(&chip).map_err(|problem| refuse(problem.into()))?;
    }
    let deployed = Order { chip: &chip, ..*order }.deploy();
    deployed
        .map_err(|misfit| refuse(format!("without the part nothing runs ({})", reason(&misfit))))
}

/// What replicas of a pool become without parts, and how often these fail.
pub(in crate::cli::simulate::run) struct Forms {
    rates: PartRates,
    chip: Chip,
    chips: u32,
    /// By what they lack.
    lessers: Vec<(Lack, Deployment)>,
    restart: SimSpan,
    /// Whether steps pass over NICs, and hand-overs.
    is_wide: bool,
    is_handed: bool,
}

impl Forms {
    /// `fleet`, of which the replicas in `members`, `whole` else, lack parts by drawn times.
    pub(super) fn breaking<'a>(
        &'a self,
        mut fleet: Fleet<Speculating<&'a StepProgram>>,
        (members, whole): (std::ops::Range<usize>, &'a Deployment),
        speculation: Option<&Speculation>,
        (repair, horizon, seed): (SimSpan, SimSpan, u64),
    ) -> Fleet<Speculating<&'a StepProgram>> {
        for member in members {
            let at = (Streams::new(seed), member);
            let mut faults = self.rates.draw((&self.chip, self.chips), repair, horizon, at);
            if self.is_handed {
                let nics = faults.iter().filter(|fault| fault.kind == PartKind::Nic);
                let nics = nics.map(|fault| Some(self.nic_fault(member, fault)));
                fleet = nics.fold(fleet.with_nic_fault(None), Fleet::with_nic_fault);
            }
            faults.retain(|fault| fault.kind != PartKind::Nic || self.is_wide);
            for spell in spells(&faults, self.restart) {
                let is_whole = spell.lacks == Lack::default();
                let mut lessers = self.lessers.iter();
                let lesser = lessers.find(|(lack, _)| *lack == spell.lacks);
                let deployment =
                    if is_whole { Some(whole) } else { lesser.map(|(_, lesser)| lesser) };
                let form = deployment.filter(|_| spell.is_change).map(|deployment| Form {
                    pricer: Speculating::new(&deployment.program, speculation.cloned()),
                    pages: deployment.pages,
                    is_whole,
                });
                fleet = fleet.with_spell(member, &spell, form);
            }
        }
        fleet
    }

    /// A NIC that fails by drawn times.
    fn nic_fault(&self, member: usize, fault: &Fault) -> NicFault {
        NicFault {
            member,
            at: fault.at,
            down: Some(fault.back - fault.at),
            count: 1,
            of: nics_of(&self.chip, self.chips),
            is_drawn: true,
            is_restart: self.is_wide,
        }
    }
}
