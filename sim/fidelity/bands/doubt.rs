//! What is uncertain about a chip's predictions, and draws of it.

use std::borrow::Cow;

use super::table::{Bands, Kinship};
use crate::cost::{Calibration, OpFamily, StepProgram, Stretch};
use crate::des::Streams;
use crate::hardware::{Chip, Resource};

/// Something that may be other than assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The prices of a family of operators, or of the host.
    Time(OpFamily),
    /// A figure of the chip.
    Figure(Resource),
    /// What none of the others explains: scheduling, unstated settings, versions.
    Remainder,
}

impl Cause {
    /// Every cause that can be drawn, in the order of reports.
    pub fn all() -> impl Iterator<Item = Self> {
        let times = OpFamily::ALL.into_iter().map(Self::Time);
        times.chain(Resource::ALL.into_iter().map(Self::Figure))
    }

    /// The key in JSON: `time.gemm`, `figure.hbm_bandwidth`.
    pub fn key(self) -> String {
        match self {
            Self::Time(family) => format!("time.{}", family.key()),
            Self::Figure(resource) => format!("figure.{}", resource.key()),
            Self::Remainder => "remainder".to_owned(),
        }
    }
}

/// Standard deviations of the logarithms of a chip's prices and figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    deviations: Vec<(Cause, f64)>,
}

/// One way things may be: the logarithm of what each cause is multiplied by.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    deviates: Vec<(Cause, f64)>,
}

impl Doubt {
    /// What is uncertain about `program` on `chip`.
    ///
    /// The chip's figures are taken to be as uncertain as the weakest of those that set its speed.
    pub fn about(chip: &Chip, program: &StepProgram, calibration: &Calibration) -> Self {
        let families = program.families();
        Self::of(chip, calibration, |family| families.contains(&family))
    }

    pub(super) fn of(
        chip: &Chip,
        calibration: &Calibration,
        has: impl Fn(OpFamily) -> bool,
    ) -> Self {
        let bands = Bands::embedded();
        let kinship = kinship(chip, calibration);
        let deviation = |cause| match cause {
            Cause::Time(family) => bands.time(kinship, family),
            Cause::Figure(_) => bands.figure(chip.class),
            Cause::Remainder => 0.0,
        };
        let is_there = |cause: &Cause| match *cause {
            Cause::Time(family) => has(family),
            Cause::Figure(_) => true,
            Cause::Remainder => false,
        };
        let causes = Cause::all().filter(is_there).map(|cause| (cause, deviation(cause)));
        Self { deviations: causes.filter(|&(_, deviation)| deviation > 0.0).collect() }
    }

    /// The standard deviation of the logarithm of `cause`; zero if it is certain.
    pub fn deviation(&self, cause: Cause) -> f64 {
        self.deviations.iter().find(|(known, _)| *known == cause).map_or(0.0, |&(_, size)| size)
    }

    /// Worlds in which one cause alone is a deviation more, or less, than assumed, cause by cause.
    pub fn one_by_one(&self) -> Vec<[World; 2]> {
        let world = |cause, deviate| World { deviates: vec![(cause, deviate)] };
        let both = |&(cause, sd): &(Cause, f64)| [world(cause, sd), world(cause, -sd)];
        self.deviations.iter().map(both).collect()
    }

    /// `pairs` pairs of worlds, the second of each the mirror of the first, so that the middle of
    /// them all is the world as assumed. Causes are made exactly uncorrelated where there are pairs
    /// enough, so that few draws tell them apart. Chips that share a seed share their luck.
    pub fn draws(&self, pairs: u32, seed: u64) -> Vec<World> {
        let mut columns: Vec<Vec<f64>> = Vec::new();
        for (cause, _) in &self.deviations {
            let mut stream = Streams::new(seed).named(&cause.key(), 0);
            let deviates = (0..pairs).map(|_| stream.normal()).collect();
            columns.push(uncorrelated(deviates, &columns));
        }
        let world = |pair: usize, sign: f64| World {
            deviates: (self.deviations.iter().zip(&columns))
                .map(|(&(cause, deviation), column)| (cause, sign * deviation * column[pair]))
                .collect(),
        };
        (0..pairs as usize).flat_map(|pair| [world(pair, 1.0), world(pair, -1.0)]).collect()
    }
}

/// `deviates` without what they have in common with `others`, at unit variance about zero.
///
/// Gram–Schmidt; as drawn if nothing of them would be left.
fn uncorrelated(deviates: Vec<f64>, others: &[Vec<f64>]) -> Vec<f64> {
    let count = deviates.len() as f64;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>() / count;
    if others.len() + 1 >= deviates.len() {
        return deviates;
    }
    let mut rest = deviates;
    for other in others {
        let common = product(&rest, other);
        for (own, theirs) in rest.iter_mut().zip(other) {
            *own -= common * theirs;
        }
    }
    let size = libm::sqrt(product(&rest, &rest));
    for deviate in &mut rest {
        *deviate /= size;
    }
    rest
}

fn kinship(chip: &Chip, calibration: &Calibration) -> Kinship {
    if calibration.has_measured(chip) {
        Kinship::Own
    } else if calibration.has_relative(chip) {
        Kinship::Heir
    } else {
        Kinship::Stranger
    }
}

impl World {
    /// The logarithm of what `cause` is multiplied by.
    pub fn deviate(&self, cause: Cause) -> f64 {
        self.deviates.iter().find(|(known, _)| *known == cause).map_or(0.0, |&(_, deviate)| deviate)
    }

    /// The chip in this world.
    pub fn chip<'a>(&self, chip: &'a Chip) -> Cow<'a, Chip> {
        let mut changed = Cow::Borrowed(chip);
        for resource in Resource::ALL {
            let deviate = self.deviate(Cause::Figure(resource));
            if deviate != 0.0 {
                changed = Cow::Owned(changed.scaled(resource, libm::exp(deviate)));
            }
        }
        changed
    }

    /// Its prices, where `stretch` are those of the world as assumed.
    pub fn stretched(&self, mut stretch: Stretch) -> Stretch {
        for family in OpFamily::ALL {
            stretch[family] *= libm::exp(self.deviate(Cause::Time(family)));
        }
        stretch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    fn doubt(name: &str) -> Doubt {
        let catalog = Catalog::embedded();
        Doubt::of(catalog.chip(name).unwrap(), Calibration::embedded(), |_| true)
    }

    #[test]
    fn what_was_not_measured_is_more_uncertain() {
        for (sure, unsure) in [("b200-sxm", "rubin"), ("rubin", "mi455x")] {
            for (cause, less) in doubt(sure).deviations {
                let more = doubt(unsure).deviations.into_iter().find(|(known, _)| *known == cause);
                let more = more.expect("what is uncertain of the one is of the other").1;
                assert!(less <= more, "{}: {sure} {less}, {unsure} {more}", cause.key());
            }
        }
    }

    #[test]
    fn draws_have_the_deviations_asked_for_and_no_drift() {
        let doubt = doubt("rubin");
        let worlds = doubt.draws(2000, 1);
        for &(cause, deviation) in &doubt.deviations {
            let deviates: Vec<f64> = worlds.iter().map(|world| world.deviate(cause)).collect();
            let count = deviates.len() as f64;
            let mean = deviates.iter().sum::<f64>() / count;
            let square = deviates.iter().map(|deviate| deviate * deviate).sum::<f64>() / count;
            assert!(mean.abs() < 1e-12);
            assert!((libm::sqrt(square) / deviation - 1.0).abs() < 1e-9, "{}", cause.key());
        }
    }

    #[test]
    fn a_datasheet_chip_stays_as_it_is() {
        let catalog = Catalog::embedded();
        let chip = catalog.chip("h100-sxm").unwrap();
        let world = &doubt("h100-sxm").draws(1, 0)[0];
        assert!(matches!(world.chip(chip), Cow::Borrowed(_)));
        assert!((world.stretched(Stretch::NONE)[OpFamily::Gemm] - 1.0).abs() > 0.0);
    }

    #[test]
    fn a_faster_host_is_faster_in_every_world() {
        let mut fast = Stretch::NONE;
        fast[OpFamily::Host] = 0.5;
        for world in doubt("h100-sxm").draws(4, 0) {
            let [plain, fast] = [Stretch::NONE, fast].map(|of| world.stretched(of));
            assert!((fast[OpFamily::Host] / plain[OpFamily::Host] - 0.5).abs() < 1e-12);
            assert!((fast[OpFamily::Gemm] / plain[OpFamily::Gemm] - 1.0).abs() < 1e-12);
        }
    }
}
