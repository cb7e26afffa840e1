//! A family of rows, and how one is found for a chip.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};

use super::sections::{Section, tables};

/// Rows by place (a chip or a generation), engine and key (mostly a number format).
type Places<R> = BTreeMap<String, BTreeMap<String, Section<Fitted<R>>>>;

/// A row, and how good it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Fitted<R> {
    row: R,
    /// Measured kernels that it was fitted to.
    #[expect(dead_code, reason = "stated in every file; read by people")]
    n: Option<u32>,
    /// Errors on shape families that the fit did not see.
    #[expect(dead_code, reason = "stated in every file; read by people")]
    held_out: Option<HeldOut>,
}

/// Errors of predicted over measured, less one.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "stated in every file; read by people")]
pub(crate) struct HeldOut {
    median: f64,
    p90: f64,
    bias: f64,
}

/// One family of constants: its form, its source, and its rows.
#[derive(Clone, Debug)]
pub(crate) struct Family<R> {
    head: Head,
    chips: Places<R>,
    /// Fits over all chips of a generation, for chips that nobody has measured.
    generations: Places<R>,
}

/// What a file says before its rows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// The closed form, in words of the file.
    #[expect(dead_code, reason = "stated in every file; read by people")]
    form: String,
    /// Where the measurements are from.
    #[expect(dead_code, reason = "stated in every file; read by people")]
    source: String,
    /// The domain and the errors of the fit.
    #[expect(dead_code, reason = "stated in every file; read by people")]
    measured: String,
    /// Engine versions measured.
    versions: BTreeMap<String, String>,
    /// Exceptions to them, by chip.
    #[serde(default)]
    versions_of: BTreeMap<String, BTreeMap<String, String>>,
}

/// Where constants are wanted, and where to look for them in turn.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The chip's names.
    pub(super) names: Vec<String>,
    /// Chips or generations to inherit from, nearest first.
    pub(super) donors: Vec<String>,
}

/// A row, and where it is from.
pub(crate) struct Found<'a, R> {
    pub(crate) row: &'a R,
    /// The generation or chip it was inherited from, if it is not the chip's own.
    pub(crate) donor: Option<String>,
    /// `fp8: blackwell pooled, sglang 0.5.14, inherited`.
    pub(crate) origin: String,
}

impl<R: DeserializeOwned> Family<R> {
    /// The family of a file.
    pub(super) fn read(text: &'static str) -> Result<Self, toml::de::Error> {
        let (head, tables) = tables(text);
        let mut family =
            Self { head: toml::from_str(head)?, chips: Places::new(), generations: Places::new() };
        for (name, rows) in tables {
            let mut parts = name.splitn(3, '.');
            let places = match parts.next() {
                Some("chips") => &mut family.chips,
                Some("generations") => &mut family.generations,
                _ => return Err(Error::custom(format!("unknown table `{name}`"))),
            };
            let (Some(place), Some(engine)) = (parts.next(), parts.next()) else {
                return Err(Error::custom(format!("`{name}` names no engine")));
            };
            places.entry(place.into()).or_default().insert(engine.into(), Section::new(rows));
        }
        Ok(family)
    }

    /// Whether all of its rows are well-formed.
    #[cfg(test)]
    pub(super) fn check_rows(&self) -> Result<(), toml::de::Error> {
        let places = self.chips.values().chain(self.generations.values());
        places.flat_map(BTreeMap::values).try_for_each(Section::check)
    }

    /// The row for the first of `engines` that has one of `keys`, on the chip itself if it was
    /// measured with any of them, else from its donors.
    pub(crate) fn find(
        &self,
        site: &Site,
        engines: &[&str],
        keys: &[&str],
    ) -> Option<Found<'_, R>> {
        let own = site.names.iter().map(|name| (name, true));
        let places = own.chain(site.donors.iter().map(|name| (name, false)));
        for (place, is_own) in places {
            for (table, pooled) in [(&self.chips, ""), (&self.generations, " pooled")] {
                let Some((engine, key, row)) = pick(table.get(place), engines, keys) else {
                    continue;
                };
                let version = self.version(place, engine);
                let inherited = if is_own { "" } else { ", inherited" };
                let origin = format!("{key}: {place}{pooled}, {engine} {version}{inherited}");
                return Some(Found {
                    row: &row.row,
                    donor: (!is_own).then(|| place.clone()),
                    origin,
                });
            }
        }
        None
    }

    /// Forgets what was measured at these places.
    pub(super) fn forget(&mut self, places: &[String]) {
        for place in places {
            self.chips.remove(place);
            self.generations.remove(place);
        }
    }

    /// The chips that were measured.
    pub(super) fn chips_measured(&self) -> impl Iterator<Item = &String> {
        self.chips.keys()
    }

    /// Whether anything was measured on the chip of this name.
    pub(super) fn has_chip(&self, name: &str) -> bool {
        self.chips.contains_key(name)
    }

    fn version(&self, place: &str, engine: &str) -> &str {
        let exception = self.head.versions_of.get(place).and_then(|versions| versions.get(engine));
        exception.or_else(|| self.head.versions.get(engine)).map_or("", String::as_str)
    }
}

/// The first engine's first key that has a row.
fn pick<'a, 'n, R: DeserializeOwned>(
    place: Option<&'a BTreeMap<String, Section<Fitted<R>>>>,
    engines: &[&'n str],
    keys: &[&'n str],
) -> Option<(&'n str, &'n str, &'a Fitted<R>)> {
    let place = place?;
    engines.iter().find_map(|&engine| {
        let rows = place.get(engine)?.values();
        keys.iter().find_map(|&key| rows.get(key).map(|row| (engine, key, row)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
form = "f"
source = "s"
measured = "m"
versions = { a = "1.0", b = "2.0" }
versions_of.old = { a = "0.9" }
[chips.old.a]
bf16 = { row = 1, n = 20, held-out = { median = 0.1, p90 = 0.3, bias = 0.0 } }
[chips.new.b]
bf16 = { row = 2 }
[generations.next.a]
bf16 = { row = 3 }
fp8 = { row = 4 }
"#;

    fn origin(names: &[&str], engines: &[&str], key: &str) -> (i64, String) {
        let family: Family<i64> = Family::read(FILE).unwrap();
        let names = names.iter().map(ToString::to_string).collect();
        let site = Site { names, donors: vec!["next".into(), "old".into()] };
        let found = family.find(&site, engines, &[key]).unwrap();
        (*found.row, found.origin)
    }

    #[test]
    fn its_own_row_beats_the_preferred_engine_elsewhere() {
        assert_eq!(origin(&["new"], &["a", "b"], "bf16"), (2, "bf16: new, b 2.0".into()));
        assert_eq!(origin(&["old"], &["a"], "bf16"), (1, "bf16: old, a 0.9".into()));
    }

    #[test]
    fn what_is_not_measured_is_inherited_and_says_so() {
        let inherited = (4, "fp8: next pooled, a 1.0, inherited".to_owned());
        assert_eq!(origin(&["new"], &["b", "a"], "fp8"), inherited);
    }
}
