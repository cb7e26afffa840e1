//! The files of standard deviations.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::cost::OpFamily;
use crate::hardware::Class;

/// Deviations of times by family of operators, and of figures by class.
#[derive(Clone, Debug)]
pub(super) struct Bands {
    kernels: Kernels,
    typed: Typed,
}

/// Deviations of operators whose kernels were measured, by family.
pub(super) type Kernels = BTreeMap<String, BTreeMap<Kinship, Deviation>>;

/// `hw-specs/calibration/bands.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    host: BTreeMap<Kinship, f64>,
    figures: BTreeMap<Class, f64>,
}

/// `hw-specs/calibration/bands-kernels.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Who measured.
    #[serde(rename = "source")]
    _source: String,
    times: Kernels,
}

/// A standard deviation, and where it is from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deviation {
    /// The deviation, as a logarithm.
    pub(super) sd: f64,
    /// Kernels behind it; none for a judgement.
    pub(super) n: Option<usize>,
    /// Which.
    of: String,
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

impl Kinship {
    /// The key in files.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Heir => "heir",
            Self::Stranger => "stranger",
        }
    }
}

impl Deviation {
    /// Of `n` kernels of the families `of`, to a tenth of a per cent.
    pub(super) fn new(deviation: f64, n: usize, of: &str) -> Self {
        Self { sd: rounded(deviation), n: Some(n), of: of.to_owned() }
    }

    /// So many times as much, on the ground of `why`.
    pub(super) fn times(&self, factor: f64, why: &str) -> Self {
        Self { sd: rounded(factor * self.sd), n: None, of: why.to_owned() }
    }

    /// The larger of the two; the kernels stay its own.
    pub(super) fn at_least(self, other: &Self) -> Self {
        Self { sd: self.sd.max(other.sd), ..self }
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{ sd = {:.3}", self.sd)?;
        if let Some(n) = self.n {
            write!(f, ", n = {n}")?;
        }
        write!(f, ", of = \"{}\" }}", self.of)
    }
}

fn rounded(deviation: f64) -> f64 {
    libm::round(deviation * 1e3) / 1e3
}

/// Reads the written file.
pub(super) fn parse(text: &str) -> Result<Kernels, toml::de::Error> {
    toml::from_str(text).map(|written: Written| written.times)
}

impl Bands {
    /// The deviations that memwall ships.
    pub(super) fn embedded() -> &'static Self {
        static BANDS: LazyLock<Bands> = LazyLock::new(|| {
            let written = include_str!("../../../hw-specs/calibration/bands-kernels.toml");
            let typed = include_str!("../../../hw-specs/calibration/bands.toml");
            let sound = "the shipped files are well-formed; a test reads them";
            Bands {
                kernels: parse(written).expect(sound),
                typed: toml::from_str(typed).expect(sound),
            }
        });
        &BANDS
    }

    pub(super) fn time(&self, kinship: Kinship, family: OpFamily) -> f64 {
        match family {
            OpFamily::Host => self.typed.host[&kinship],
            _ => self.kernels[family.key()][&kinship].sd,
        }
    }

    pub(super) fn figure(&self, class: Class) -> f64 {
        self.typed.figures[&class]
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
