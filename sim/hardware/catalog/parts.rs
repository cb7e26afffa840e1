//! The catalogue: every chip and system by name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::embedded::FILES;
use super::error::HardwareError;
use super::names::{Names, normal};
use super::shelf::Shelf;
use super::tables::{MemoryKind, Source};
use crate::hardware::chip::Chip;
use crate::hardware::finding::Finding;
use crate::hardware::spec::{ChipSpec, SystemSpec, read};
use crate::hardware::system::System;

/// All chips and systems that can be named.
///
/// ```
/// use memwall::hardware::Catalog;
/// let catalog = Catalog::embedded();
/// let chip = catalog.chip("H100_SXM")?;
/// assert_eq!(chip.memory.bandwidth.to_string(), "3.352 TB/s");
/// # Ok::<(), memwall::hardware::HardwareError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Catalog {
    shelf: Shelf,
    /// Names of what a user's files have put there.
    foreign: BTreeSet<String>,
    /// Whole descriptions, in the order of `chips`.
    specs: Vec<ChipSpec>,
    chips: Vec<Chip>,
    systems: Vec<System>,
    chip_names: Names,
    system_names: Names,
}

impl Catalog {
    /// The catalogue that the program carries.
    ///
    /// # Panics
    /// Never: a test reads every embedded file.
    pub fn embedded() -> Self {
        // Read once: callers ask for it per run, and a run may be one of thousands.
        static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
            let mut shelf = Shelf::default();
            for (path, text) in FILES {
                let findings = shelf.put(path, text);
                assert!(findings.is_empty(), "embedded specs are tested");
            }
            Catalog::of(shelf)
        });
        EMBEDDED.clone()
    }

    /// Path and text of every file that the program carries.
    pub const fn embedded_files() -> &'static [(&'static str, &'static str)] {
        FILES
    }

    /// This catalogue with a user's files, each a path and its text, put over it.
    ///
    /// A chip or system of a known name replaces the known one in its place; variations
    /// (`base = …`) of a replaced part follow it.
    pub fn overlaid(self, files: &[(String, String)]) -> Result<Self, HardwareError> {
        let files: Vec<_> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let earlier = self.shelf.chips.clone();
        let foreign = self.foreign;
        let mut catalog = Self::read(self.shelf, &files)?;
        let is_new = |chip: &&ChipSpec| !earlier.contains(chip);
        let new = catalog.shelf.chips.iter().filter(is_new).map(|chip| chip.name.clone());
        catalog.foreign = foreign.into_iter().chain(new).collect();
        Ok(catalog)
    }

    fn read(mut shelf: Shelf, files: &[(&str, &str)]) -> Result<Self, HardwareError> {
        let mut findings = Vec::new();
        for (path, text) in files {
            findings.extend(shelf.put(path, text));
        }
        findings.extend(twins(files));
        for spec in &shelf.chips {
            let flaws = shelf.flaws(spec).into_iter();
            findings.extend(flaws.map(|finding| placed(finding, &spec.name, files)));
        }
        if findings.is_empty() {
            Ok(Self::of(shelf))
        } else {
            Err(HardwareError::BadSpecs { findings })
        }
    }

    fn of(shelf: Shelf) -> Self {
        let specs: Vec<ChipSpec> = shelf.chips.iter().map(|spec| shelf.whole(spec)).collect();
        let chips: Vec<Chip> = shelf.chips.iter().map(|spec| shelf.resolved(spec)).collect();
        let systems: Vec<System> = shelf.systems.iter().map(System::from_spec).collect();
        let chip_names = Names::of(chips.iter().map(|chip| (&*chip.name, &*chip.aliases)));
        let system_names =
            Names::of(systems.iter().map(|system| (&*system.name, &*system.aliases)));
        Self { shelf, foreign: BTreeSet::new(), specs, chips, systems, chip_names, system_names }
    }

    /// The chip of a file's `text`, which varies one of these by `base`; the catalogue stays as it
    /// is.
    pub fn variation(&self, path: &str, text: &str) -> Result<Chip, HardwareError> {
        let reading = read::<ChipSpec>(path, text);
        let mut findings = reading.findings;
        if let Some(spec) = reading.spec.as_ref().filter(|_| findings.is_empty()) {
            let flaws = self.shelf.flaws(spec).into_iter();
            findings.extend(flaws.map(|flaw| {
                let span = reading.places.span(&flaw.key);
                flaw.at(path, text, span)
            }));
            if findings.is_empty() {
                return Ok(self.shelf.resolved(spec));
            }
        }
        Err(HardwareError::BadSpecs { findings })
    }

    /// The catalogue with every chip as `change` leaves it; specs, and what they say of sources,
    /// stay as they are.
    #[must_use]
    pub fn altered(self, change: impl Fn(Chip) -> Chip) -> Self {
        Self { chips: self.chips.into_iter().map(change).collect(), ..self }
    }

    /// The chip of this name or alias; case, `_` and spaces do not matter.
    pub fn chip(&self, name: &str) -> Result<&Chip, HardwareError> {
        let index = self.chip_names.find(name).ok_or_else(|| HardwareError::UnknownChip {
            name: name.into(),
            nearest: self.chip_names.nearest(name).map(|index| self.chips[index].name.clone()),
        })?;
        Ok(&self.chips[index])
    }

    /// The system of this name or alias.
    pub fn system(&self, name: &str) -> Result<&System, HardwareError> {
        let index = self.system_names.find(name).ok_or_else(|| HardwareError::UnknownSystem {
            name: name.into(),
            nearest: self.system_names.nearest(name).map(|index| self.systems[index].name.clone()),
        })?;
        Ok(&self.systems[index])
    }

    /// Every chip: by maker, NVIDIA first, and from old to new; a user's own parts last.
    pub fn chips(&self) -> impl Iterator<Item = &Chip> {
        self.chips.iter()
    }

    /// Every system, in the order of the chips.
    pub fn systems(&self) -> impl Iterator<Item = &System> {
        self.systems.iter()
    }

    /// The system that a chip is usually sold in.
    pub fn system_of(&self, chip: &Chip) -> Option<&System> {
        chip.system.as_deref().and_then(|name| self.system(name).ok())
    }

    /// The default ladder, H100 to Rubin Ultra, bottom to top.
    pub fn ladder(&self) -> Vec<&Chip> {
        self.shelf.ladder.chips.iter().filter_map(|name| self.chip(name).ok()).collect()
    }

    /// What a `source` key stands for.
    pub fn source(&self, key: &str) -> Option<&Source> {
        self.shelf.sources.get(key)
    }

    /// What a kind of stacked memory can be, in any spelling: `HBM3e`, `hbm3e`.
    pub fn memory_kind(&self, kind: &str) -> Option<&MemoryKind> {
        self.shelf
            .kinds
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(kind))
            .map(|(_, kind)| kind)
    }

    /// The whole description of a chip: figures with class, source and date.
    pub fn spec(&self, name: &str) -> Result<&ChipSpec, HardwareError> {
        let chip = self.chip(name)?;
        let index = self.chip_names.find(&chip.name).expect("a chip is found by its name");
        Ok(&self.specs[index])
    }

    /// The descriptions of all chips, whole.
    pub(crate) fn specs(&self) -> impl Iterator<Item = &ChipSpec> {
        self.specs.iter()
    }

    /// Whether a user's file describes the chip of this name.
    pub(crate) fn is_foreign(&self, name: &str) -> bool {
        self.foreign.contains(name)
    }

    /// The description of a system.
    pub(crate) fn system_spec(&self, name: &str) -> Option<&SystemSpec> {
        self.system_names.find(name).map(|index| &self.shelf.systems[index])
    }

    /// What keeps a chip from being built.
    pub(crate) fn flaws(&self, spec: &ChipSpec) -> Vec<Finding> {
        self.shelf.flaws(spec)
    }

    /// The whole description of a chip without such flaws.
    pub(crate) fn whole(&self, spec: &ChipSpec) -> ChipSpec {
        self.shelf.whole(spec)
    }
}

/// The finding about the chip `name`, with file and line if one of `files` describes it.
/// Files of one folder that give the same name: which of them counts would be left to chance.
fn twins(files: &[(&str, &str)]) -> Vec<Finding> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for (path, text) in files {
        let name = text.parse::<toml::Table>().ok();
        let name = name.and_then(|table| Some(table.get("name")?.as_str()?.to_owned()));
        let Some(name) = name else { continue };
        if let Some(first) = owners.insert(normal(&name), path) {
            let span = read::<ChipSpec>(path, text).places.span("name");
            let finding = Finding::error("name", &name)
                .says(format!("{first} describes a part of this name too"))
                .remedy("rename one of them, or move it out of the folder");
            findings.push(finding.at(path, text, span));
        }
    }
    findings
}

fn placed(finding: Finding, name: &str, files: &[(&str, &str)]) -> Finding {
    for (path, text) in files {
        let reading = read::<ChipSpec>(path, text);
        if reading.spec.is_some_and(|spec| spec.name == name) {
            let span = reading.places.span(&finding.key);
            return finding.at(path, text, span);
        }
    }
    finding.at(name, "", None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_files_are_without_flaws() {
        assert!(Catalog::read(Shelf::default(), FILES).is_ok());
    }
}
