//! Scenarios that the program carries, by name.

use super::PlanningError;

/// Name, path and text of every file of a kind.
pub(super) struct Shelf(pub(super) &'static [(&'static str, &'static str, &'static str)]);

/// The files of these names in a folder of `workloads/`.
macro_rules! shelf {
    ($folder:literal: $($name:literal),+) => {
        $crate::planning::shelf::Shelf(&[$((
            $name,
            concat!("workloads/", $folder, "/", $name, ".toml"),
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/workloads/", $folder, "/", $name, ".toml"
            )),
        )),+])
    };
}
pub(super) use shelf;

impl Shelf {
    /// The names, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.iter().map(|entry| entry.0)
    }

    /// Path and text of the file called `name`.
    pub(super) fn find(&self, name: &str) -> Result<(&'static str, &'static str), PlanningError> {
        let found = self.0.iter().find(|entry| entry.0 == name);
        found.map(|&(_, file, text)| (file, text)).ok_or_else(|| PlanningError::Unknown {
            name: name.into(),
            known: self.names().collect::<Vec<_>>().join(", "),
        })
    }
}
