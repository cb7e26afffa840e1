//! Whether every figure says where it is from.

use std::collections::BTreeMap;

use crate::hardware::catalog::Catalog;
use crate::hardware::finding::{Finding, Severity};
use crate::hardware::spec::{Entry, nearest};

pub(super) fn lint(
    entries: &[Entry<'_>],
    notes: &BTreeMap<String, String>,
    is_variation: bool,
    catalog: &Catalog,
) -> Vec<Finding> {
    let mut findings: Vec<_> = entries.iter().filter_map(|e| unsaid(e, is_variation)).collect();
    findings.extend(entries.iter().flat_map(|entry| unknown_sources(entry, catalog)));
    findings.extend(notes.keys().filter_map(|key| stray_note(key, entries)));
    findings
}

/// A missing class or source. A what-if may lack both: then it is an estimate, and says so.
fn unsaid(entry: &Entry<'_>, is_variation: bool) -> Option<Finding> {
    let missing = match (entry.class, entry.source) {
        (Some(_), Some(_)) => return None,
        (None, None) => "class and source",
        (None, _) => "class",
        (_, None) => "source",
    };
    let severity = if is_variation { Severity::Note } else { Severity::Error };
    let finding = Finding::about(severity, &entry.key(), entry.text);
    Some(if is_variation {
        finding.says(format!("has no {missing}: counts as an estimate"))
    } else {
        finding.says(format!("has no {missing}")).remedy(
            "add `class = \"datasheet|announced|reported|estimate\", source = \"…\"` to the figure",
        )
    })
}

fn unknown_sources(entry: &Entry<'_>, catalog: &Catalog) -> Vec<Finding> {
    let keys = entry.source.unwrap_or_default().split(';').map(str::trim);
    keys.filter(|key| !key.is_empty() && catalog.source(key).is_none())
        .map(|key| {
            Finding::note(&entry.key(), entry.text)
                .says(format!("`{key}` is not in sources.toml"))
                .remedy("say there what the key stands for, or ignore this")
        })
        .collect()
}

fn stray_note(key: &str, entries: &[Entry<'_>]) -> Option<Finding> {
    let keys: Vec<String> = entries.iter().map(Entry::key).collect();
    if keys.iter().any(|known| known == key) {
        return None;
    }
    let finding = Finding::warning(&format!("notes.{key}"), "")
        .says(format!("is a note on `{key}`, a figure that the file does not give"));
    Some(match nearest(key, keys.iter().map(String::as_str)) {
        Some(nearest) => finding.remedy(format!("did you mean `{nearest}`?")),
        None => finding,
    })
}
