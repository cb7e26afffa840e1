//! One chip of the program's own, without reading the other files.

use std::sync::OnceLock;

use super::embedded::FILES;
use super::names::normal;
use super::parts::Catalog;
use super::shelf::{Content, Shelf};
use crate::hardware::chip::Chip;

/// The chips that were asked for, in the order of the files.
static READ: [OnceLock<Chip>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

impl Catalog {
    /// The chip of this name that the program carries, read with those it varies and no others:
    /// much sooner there than the whole catalogue. `None` for other names, aliases among them.
    ///
    /// ```
    /// use memwall::hardware::Catalog;
    /// let chip = Catalog::embedded_chip("h100-sxm").expect("is embedded");
    /// assert_eq!(Ok(chip), Catalog::embedded().chip("h100-sxm").map_err(drop));
    /// ```
    pub fn embedded_chip(name: &str) -> Option<&'static Chip> {
        let place = place(name)?;
        Some(READ[place].get_or_init(|| {
            let mut shelf = Shelf::default();
            let mut next = Some(place);
            while let Some(place) = next {
                let (path, text) = FILES[place];
                let findings = shelf.put(path, text);
                assert!(findings.is_empty(), "embedded specs are tested");
                let base = shelf.chips.last().and_then(|chip| chip.base.as_deref());
                next = base.map(|base| self::place(base).expect("bases go by their names"));
            }
            let systems = shelf.chips.iter().filter_map(|chip| chip.system.clone());
            for name in systems.collect::<Vec<_>>() {
                let (path, text) = FILES[file(&name, Content::System).expect("systems, too")];
                shelf.put(path, text);
            }
            shelf.resolved(&shelf.chips[0])
        }))
    }
}

/// The index of the file of a chip: it is called like the chip.
fn place(name: &str) -> Option<usize> {
    file(name, Content::Chip)
}

/// The index of the file of that name with such content.
fn file(name: &str, content: Content) -> Option<usize> {
    let file = format!("/{}.toml", normal(name));
    FILES
        .iter()
        .position(|(path, text)| path.ends_with(&file) && Content::of(path, text) == content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chip_is_found_alone_as_in_the_catalogue() {
        for chip in Catalog::embedded().chips() {
            assert_eq!(Catalog::embedded_chip(&chip.name), Some(chip), "{}", chip.name);
        }
        assert_eq!(Catalog::embedded_chip("sources"), None);
        assert_eq!(Catalog::embedded_chip("h100"), None);
    }
}
