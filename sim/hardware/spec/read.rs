//! Reading a spec file: every problem of it, not only the first.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, Deserializer, Error};

use crate::hardware::finding::Finding;

/// A file that was read as far as it could be.
#[derive(Clone, Debug)]
pub(crate) struct Reading<T> {
    /// What it says; `None` if it is no TOML or lacks what everything else rests on.
    pub(crate) spec: Option<T>,
    /// What could not be read. The keys in question are left out of `spec`.
    pub(crate) findings: Vec<Finding>,
    /// Where each dotted key stands.
    pub(crate) places: Places,
}

/// Where the dotted keys of a file stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(BTreeMap<String, Place>);

#[derive(Clone, Debug)]
struct Place {
    key: Range<usize>,
    value: Range<usize>,
}

impl Places {
    /// The bytes of the value of `key`, or of its name if it is a table.
    pub(crate) fn span(&self, key: &str) -> Option<Range<usize>> {
        let place = self.0.get(&format!("{key}.value")).or_else(|| self.0.get(key))?;
        Some(place.value.clone())
    }

    /// The innermost key that holds a byte.
    fn key_at(&self, at: usize) -> Option<&str> {
        self.0
            .iter()
            .filter(|(_, place)| place.key.contains(&at) || place.value.contains(&at))
            .max_by_key(|(key, _)| key.len())
            .map(|(key, _)| key.as_str())
    }
}

/// Reads `text`. Whatever serde refuses is taken out of the tree and the rest is read again, so
/// that one pass reports everything.
pub(crate) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Reading<T> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let findings = errors.iter().map(|error| syntax(file, text, error)).collect();
        return Reading { spec: None, findings, places: Places::default() };
    }
    let mut places = Places::default();
    index(tree.get_ref(), "", &mut places.0);
    let mut findings = Vec::new();
    let mut tree = tree;
    let spec = loop {
        match T::deserialize(Deserializer::from(tree.clone())) {
            Ok(spec) => break Some(spec),
            Err(error) => {
                findings.push(refused(file, text, &error, &places));
                // What the file as a whole lacks is at its very beginning: nothing to take out.
                let at = error.span().map(|span| span.start).filter(|&at| at > 0);
                if !at.is_some_and(|at| remove(tree.get_mut(), at)) {
                    break None;
                }
            }
        }
    };
    Reading { spec, findings, places }
}

fn index(table: &DeTable<'_>, prefix: &str, places: &mut BTreeMap<String, Place>) {
    for (key, value) in table {
        let dotted = if prefix.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{prefix}.{}", key.get_ref())
        };
        if let DeValue::Table(inner) = value.get_ref() {
            index(inner, &dotted, places);
        }
        places.insert(dotted, Place { key: key.span(), value: value.span() });
    }
}

/// Takes the innermost section entry that holds byte `at` out of the tree; false if there is none.
fn remove(table: &mut DeTable<'_>, at: usize) -> bool {
    let found = table.iter().find(|(key, value)| holds(key, value, at));
    let Some(key) = found.map(|(key, _)| key.clone()) else { return false };
    if let Some(DeValue::Table(inner)) = table.get_mut(&key).map(Spanned::get_mut)
        && !is_figure(inner)
        && remove(inner, at)
    {
        return true;
    }
    table.remove(&key).is_some()
}

fn holds(key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>, at: usize) -> bool {
    let below = || match value.get_ref() {
        DeValue::Table(inner) => inner.iter().any(|(key, value)| holds(key, value, at)),
        _ => false,
    };
    key.span().contains(&at) || value.span().contains(&at) || below()
}

/// A figure goes as a whole: half of one would only be refused again.
fn is_figure(table: &DeTable<'_>) -> bool {
    table.keys().any(|key| matches!(key.get_ref().as_ref(), "value" | "class" | "source"))
}

fn syntax(file: &str, text: &str, error: &Error) -> Finding {
    Finding::error("", "").says(error.message().trim()).at(file, text, error.span())
}

fn refused(file: &str, text: &str, error: &Error, places: &Places) -> Finding {
    let span = error.span();
    let start = span.as_ref().map(|span| span.start).filter(|&start| start > 0);
    let key = start.and_then(|start| places.key_at(start)).unwrap_or_default();
    let value = span
        .clone()
        .and_then(|span| text.get(span))
        .filter(|value| !value.contains('\n') && !key.ends_with(value))
        .unwrap_or_default();
    let message = error.message().trim();
    let finding = Finding::error(key.trim_end_matches(".value"), value).at(file, text, span);
    if message.ends_with("expected struct Figure") {
        let (_, name) = key.rsplit_once('.').unwrap_or(("", key));
        return finding
            .says("a figure is a table with its source")
            .remedy(format!("write `{name} = {{ value = {value} }}`"));
    }
    match nearest_in(message) {
        Some(nearest) => {
            // The list of all names is long, and one of them is enough.
            let short = message.split(", expected").next().unwrap_or(message);
            finding.says(short).remedy(format!("did you mean `{nearest}`?"))
        }
        None => finding.says(message),
    }
}

/// The nearest of the names that serde lists after ``unknown field `x`, expected …``.
fn nearest_in(message: &str) -> Option<&str> {
    if !["unknown field", "unknown variant"].iter().any(|start| message.starts_with(start)) {
        return None;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next()?;
    super::nearest(wrong, quoted)
}
