//! The tables of a file, each parsed when it is first asked for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;

/// One table: values by key. A run asks for those of a chip or two.
#[derive(Clone, Debug)]
pub(super) struct Section<V> {
    text: &'static str,
    values: OnceLock<BTreeMap<String, V>>,
}

impl<V: DeserializeOwned> Section<V> {
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, values: OnceLock::new() }
    }

    /// # Panics
    /// If it is malformed; a test reads all.
    pub(super) fn values(&self) -> &BTreeMap<String, V> {
        self.values.get_or_init(|| {
            self.parse().unwrap_or_else(|error| panic!("the shipped files are tested: {error}"))
        })
    }

    fn parse(&self) -> Result<BTreeMap<String, V>, toml::de::Error> {
        toml::from_str(self.text)
    }

    /// Whether it is well-formed.
    #[cfg(test)]
    pub(super) fn check(&self) -> Result<(), toml::de::Error> {
        self.parse().map(drop)
    }
}

/// What stands before the first table of `text`, then each table's name and what stands in it.
pub(super) fn tables(text: &str) -> (&str, Vec<(&str, &str)>) {
    let mut pieces = text.split("\n[");
    let head = pieces.next().unwrap_or_default();
    (head, pieces.filter_map(|piece| piece.split_once("]\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_at_the_headers_of_its_tables() {
        let (head, found) = tables("a = [1]\n# [no]\n\n[b.c]\nd = [\n 2 ]\n[e]\n");
        assert_eq!(head, "a = [1]\n# [no]\n");
        assert_eq!(found, [("b.c", "d = [\n 2 ]"), ("e", "")]);
    }
}
