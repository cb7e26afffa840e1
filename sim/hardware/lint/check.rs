//! Checking one file.

use super::{compute, links, memory, names, power, provenance, system};
use crate::hardware::catalog::{Catalog, Content, Ladder, MemoryKinds, Sources};
use crate::hardware::finding::Finding;
use crate::hardware::hbm::Timings;
use crate::hardware::spec::{ChipSpec, Reading, SystemSpec, read};

/// Everything that is wrong with the spec file `text`, worst first, or nothing.
///
/// Compares with the embedded catalogue; [`Catalog::check`] compares with another.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    Catalog::embedded().check(path, text)
}

impl Catalog {
    /// Everything that is wrong with the spec file `text`, worst first, or nothing.
    pub fn check(&self, path: &str, text: &str) -> Vec<Finding> {
        let mut findings = match Content::of(path, text) {
            Content::Chip => self.check_chip(path, text),
            Content::System => self.check_system(path, text),
            // Tables without figures: reading them is all there is to check.
            Content::Sources => read::<Sources>(path, text).findings,
            Content::Kinds => read::<MemoryKinds>(path, text).findings,
            Content::Ladder => read::<Ladder>(path, text).findings,
            Content::Timings => read::<Timings>(path, text).findings,
        };
        findings.sort_by_key(|finding| (finding.severity, finding.line));
        findings
    }

    fn check_chip(&self, path: &str, text: &str) -> Vec<Finding> {
        let reading: Reading<ChipSpec> = read(path, text);
        let mut findings = reading.findings;
        let Some(spec) = reading.spec else { return findings };
        let mut found = self.flaws(&spec);
        if found.is_empty() {
            let whole = self.whole(&spec);
            found.extend(compute::lint(&whole, self));
            found.extend(memory::lint(&whole, self));
            found.extend(links::lint(&whole, self));
            found.extend(power::lint(&whole));
            found.extend(names::lint(&spec, self));
        }
        found.extend(provenance::lint(&spec.entries(), &spec.notes, spec.base.is_some(), self));
        findings.extend(found.into_iter().map(|finding| {
            let span = reading.places.span(&finding.key);
            finding.at(path, text, span)
        }));
        findings
    }

    fn check_system(&self, path: &str, text: &str) -> Vec<Finding> {
        let reading: Reading<SystemSpec> = read(path, text);
        let mut findings = reading.findings;
        let Some(spec) = reading.spec else { return findings };
        let mut found = system::lint(&spec, self);
        found.extend(provenance::lint(&spec.entries(), &spec.notes, false, self));
        findings.extend(found.into_iter().map(|finding| {
            let span = reading.places.span(&finding.key);
            finding.at(path, text, span)
        }));
        findings
    }
}
