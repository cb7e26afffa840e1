//! The file of standard deviations.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::cost::OpFamily;
use crate::hardware::Class;

/// `hw-specs/calibration/bands.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bands {
    times: BTreeMap<Kinship, BTreeMap<String, f64>>,
    figures: BTreeMap<Class, f64>,
}

/// How near a chip is to the ones whose kernels were measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kinship {
    /// It was measured itself.
    Own,
    /// Another part of its maker was.
    Heir,
    /// None of its maker's was.
    Stranger,
}

impl Bands {
    /// The deviations that memwall ships.
    pub(super) fn embedded() -> &'static Self {
        static BANDS: LazyLock<Bands> = LazyLock::new(|| {
            let text = include_str!("../../../hw-specs/calibration/bands.toml");
            toml::from_str(text).expect("the shipped file is well-formed; a test reads it")
        });
        &BANDS
    }

    pub(super) fn time(&self, kinship: Kinship, family: OpFamily) -> f64 {
        self.times[&kinship][family.key()]
    }

    pub(super) fn figure(&self, class: Class) -> f64 {
        self.figures[&class]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_and_class_has_a_deviation_and_strangers_the_largest() {
        let bands = Bands::embedded();
        for family in OpFamily::ALL {
            let [own, heir, stranger] = [Kinship::Own, Kinship::Heir, Kinship::Stranger]
                .map(|kinship| bands.time(kinship, family));
            assert!(0.0 < own && own <= heir && heir <= stranger, "{}", family.key());
        }
        for class in [Class::Datasheet, Class::Announced, Class::Reported, Class::Estimate] {
            assert!((0.0..1.0).contains(&bands.figure(class)));
        }
    }
}
