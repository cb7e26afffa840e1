//! Spec files, read and sorted into what they describe.

use serde::de::DeserializeOwned;

use super::names::normal;
use super::tables::{Ladder, MemoryKinds, Sources};
use crate::hardware::chip::Chip;
use crate::hardware::finding::Finding;
use crate::hardware::hbm::Timings;
use crate::hardware::resolve::fabric;
use crate::hardware::spec::{ChipSpec, Given, SystemSpec, nearest, read};

/// Everything that files describe, as they describe it: variations still lack their base.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    pub(super) chips: Vec<ChipSpec>,
    pub(super) systems: Vec<SystemSpec>,
    pub(super) sources: Sources,
    pub(super) kinds: MemoryKinds,
    pub(super) ladder: Ladder,
}

/// What a file describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Chip,
    System,
    Sources,
    Kinds,
    Ladder,
    Timings,
}

impl Content {
    /// Told by the file's name, and between chip and system by a key that only systems have.
    pub(crate) fn of(path: &str, text: &str) -> Self {
        match path.rsplit(['/', '\\']).next() {
            Some("sources.toml") => Self::Sources,
            Some("hbm.toml") => Self::Kinds,
            Some("ladder.toml") => Self::Ladder,
            Some("hbm-timing.toml") => Self::Timings,
            _ if text.lines().any(|line| line.starts_with("accelerators")) => Self::System,
            _ => Self::Chip,
        }
    }
}

impl Shelf {
    /// Puts a file on the shelf; a part that is there already is replaced in place.
    ///
    /// Returns what could not be read.
    pub(super) fn put(&mut self, path: &str, text: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        match Content::of(path, text) {
            Content::Chip => {
                if let Some(spec) = take::<ChipSpec>(path, text, &mut findings) {
                    replace(&mut self.chips, spec, |chip| &chip.name);
                }
            }
            Content::System => {
                if let Some(spec) = take::<SystemSpec>(path, text, &mut findings) {
                    replace(&mut self.systems, spec, |system| &system.name);
                }
            }
            Content::Sources => {
                self.sources.extend(take::<Sources>(path, text, &mut findings).unwrap_or_default());
            }
            Content::Kinds => {
                self.kinds
                    .extend(take::<MemoryKinds>(path, text, &mut findings).unwrap_or_default());
            }
            // The channel model reads them; here they must only be well-formed.
            Content::Timings => drop(take::<Timings>(path, text, &mut findings)),
            Content::Ladder => {
                if let Some(ladder) = take(path, text, &mut findings) {
                    self.ladder = ladder;
                }
            }
        }
        findings
    }

    /// The part that `name` names, by name first and by alias then.
    pub(super) fn chip(&self, name: &str) -> Option<&ChipSpec> {
        let name = normal(name);
        let is_alias = |alias: &String| normal(alias) == name;
        self.chips
            .iter()
            .find(|chip| normal(&chip.name) == name)
            .or_else(|| self.chips.iter().find(|chip| chip.aliases.iter().any(is_alias)))
    }

    /// The system that `name` names.
    fn system(&self, name: &str) -> Option<&SystemSpec> {
        let name = normal(name);
        self.systems.iter().find(|system| normal(&system.name) == name)
    }

    /// What keeps a chip from being built: no identity, no sound base, no one memory.
    pub(super) fn flaws(&self, spec: &ChipSpec) -> Vec<Finding> {
        let mut flaws = match &spec.base {
            Some(base) => self.bad_base(spec, base).into_iter().collect(),
            None => missing_identity(spec),
        };
        if spec.name.trim().is_empty() {
            let finding =
                Finding::error("name", "").says("nobody can ask for a chip without a name");
            flaws.push(finding.remedy("write `name = \"my-chip\"`"));
        }
        if flaws.is_empty() {
            let whole = self.whole(spec);
            flaws.extend(whole.memory.contradiction());
            flaws.extend(misfit(&whole));
            flaws.extend(overfull(&whole));
        }
        flaws
    }

    fn bad_base(&self, spec: &ChipSpec, base: &str) -> Option<Finding> {
        let mut name = base;
        let mut steps = 0;
        loop {
            let Some(found) = self.chip(name) else {
                let names = self.chips.iter().map(|chip| chip.name.as_str());
                let remedy = nearest(name, names).map_or_else(
                    || "`memwall chips list` names the parts".into(),
                    |nearest| format!("did you mean `{nearest}`?"),
                );
                let finding = Finding::error("base", base).says(format!("unknown chip `{name}`"));
                return Some(finding.remedy(remedy));
            };
            steps += 1;
            if found.name == spec.name || steps > self.chips.len() {
                let finding = Finding::error("base", base).says("a chip cannot vary itself");
                return Some(finding.remedy("give the variation a name of its own"));
            }
            name = found.base.as_deref()?;
        }
    }

    /// The chip of a description whose bases are sound, and those it varies.
    pub(super) fn resolved(&self, spec: &ChipSpec) -> Chip {
        let base = spec.base.as_deref().and_then(|base| self.chip(base));
        let base = base.map(|base| Box::new(self.resolved(base)));
        let whole = self.whole(spec);
        let system = whole.system.as_deref().and_then(|name| self.system(name));
        Chip { base, fabric: fabric(&whole, system), ..Chip::from_spec(&whole) }
    }

    /// The whole description of a part whose bases are sound.
    pub(super) fn whole(&self, spec: &ChipSpec) -> ChipSpec {
        match spec.base.as_deref().and_then(|base| self.chip(base)) {
            Some(base) => spec.clone().over(&self.whole(base)),
            None => spec.clone(),
        }
    }
}

/// A tray of more chips than the domain.
fn overfull(spec: &ChipSpec) -> Option<Finding> {
    let (tray, domain) = (spec.scale_up.tray.as_ref()?, spec.scale_up.domain.given()?);
    (*tray.get() > domain).then(|| {
        Finding::error("scale_up.tray", tray.text())
            .says(format!("is more than the {domain} of a domain"))
            .remedy("give the chips that one operating system runs")
    })
}

/// A torus of more or fewer chips than the domain.
fn misfit(spec: &ChipSpec) -> Option<Finding> {
    let wiring = spec.scale_up.wiring.as_ref()?;
    let (chips, domain) = (wiring.get().chips()?, spec.scale_up.domain.given()?);
    (chips != domain).then(|| {
        Finding::error("scale_up.wiring", wiring.text())
            .says(format!("a torus of {chips} chips, but the domain has {domain}"))
            .remedy("give dimensions whose product is the domain")
    })
}

fn missing_identity(spec: &ChipSpec) -> Vec<Finding> {
    let missing = spec.identity().into_iter().filter(|(_, value)| value.is_none());
    missing
        .map(|(key, _)| {
            Finding::error(key, "")
                .says(format!("a chip without `base` needs `{key}`"))
                .remedy(format!("add `{key} = \"…\"`, or `base = \"…\"` for a variation"))
        })
        .collect()
}

fn take<T: DeserializeOwned>(path: &str, text: &str, findings: &mut Vec<Finding>) -> Option<T> {
    let reading = read(path, text);
    findings.extend(reading.findings);
    reading.spec
}

fn replace<T>(parts: &mut Vec<T>, part: T, name: impl Fn(&T) -> &String) {
    match parts.iter_mut().find(|old| normal(name(old)) == normal(name(&part))) {
        Some(old) => *old = part,
        None => parts.push(part),
    }
}
