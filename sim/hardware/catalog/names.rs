//! Names and aliases.

use std::collections::BTreeMap;

use crate::hardware::spec::nearest;

/// Finds a part by name or alias, whatever its spelling: `H100_SXM`, `h100 sxm`, `h100-sxm`.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, usize>);

impl Names {
    /// An index of parts, each a name and its aliases. A name goes before another part's alias.
    pub(super) fn of<'a>(parts: impl Iterator<Item = (&'a str, &'a [String])> + Clone) -> Self {
        let mut names = BTreeMap::new();
        for (index, (name, _)) in parts.clone().enumerate() {
            names.insert(normal(name), index);
        }
        for (index, (_, aliases)) in parts.enumerate() {
            for alias in aliases {
                names.entry(normal(alias)).or_insert(index);
            }
        }
        Self(names)
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.0.get(&normal(name)).copied()
    }

    /// The part whose name or alias is most like `name`.
    pub(super) fn nearest(&self, name: &str) -> Option<usize> {
        let found = nearest(&normal(name), self.0.keys().map(String::as_str))?;
        self.0.get(found).copied()
    }
}

/// The spelling that names are compared in.
pub(crate) fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', ' '], "-")
}
