//! All families, embedded, each parsed when it is first asked for.

use std::sync::OnceLock;

use super::embedded::Embedded;
use super::family::{Family, Site};
use super::rows::{
    AllReduceRow, AllToAllRow, DecodeRow, GemmRow, Hosts, IndexerRow, LinearRow, MlaDecodeRow,
    MoeRow, NcclRow, Others, PrefillRow, SkewRow,
};
use super::transfer::Transfer;
use crate::hardware::{Catalog, Chip, Engine};
use crate::units::BytesPerSec;

macro_rules! embedded {
    ($name:literal, $read:expr) => {
        Embedded::new(
            $name,
            include_str!(concat!("../../../hw-specs/calibration/", $name, ".toml")),
            $read,
        )
    };
}

/// Every constant of the calibrated model.
///
/// Embedded in the program; the files under `hw-specs/calibration/` say where each is from.
#[derive(Clone, Debug)]
pub struct Calibration {
    pub(crate) gemm: Embedded<Family<GemmRow>>,
    pub(crate) prefill: Embedded<Family<PrefillRow>>,
    pub(crate) decode: Embedded<Family<DecodeRow>>,
    pub(crate) mla: Mla,
    pub(crate) moe: Embedded<Family<MoeRow>>,
    pub(crate) skew: Embedded<Family<SkewRow>>,
    pub(crate) linear: Embedded<Family<LinearRow>>,
    pub(crate) sparse: Embedded<Family<IndexerRow>>,
    pub(crate) collectives: Collectives,
    pub(crate) host: Embedded<Hosts>,
    pub(crate) others: Embedded<Others>,
    transfer: Embedded<Transfer>,
}

/// Latent attention.
#[derive(Clone, Debug)]
pub(crate) struct Mla {
    pub(crate) prefill: Embedded<Family<PrefillRow>>,
    pub(crate) decode: Embedded<Family<MlaDecodeRow>>,
}

/// Collectives.
#[derive(Clone, Debug)]
pub(crate) struct Collectives {
    pub(crate) nccl: Embedded<Family<NcclRow>>,
    pub(crate) all_reduce: Embedded<Family<AllReduceRow>>,
    pub(crate) all_to_all: Embedded<Family<AllToAllRow>>,
    pub(crate) all_to_all_nodes: Embedded<Family<AllToAllRow>>,
}

impl Calibration {
    /// The constants that memwall ships.
    ///
    /// # Panics
    /// If a file in the source tree that is asked for is malformed; a test reads them all.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Calibration> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self {
            gemm: embedded!("gemm", Family::read),
            prefill: embedded!("attention-prefill", Family::read),
            decode: embedded!("attention-decode", Family::read),
            mla: Mla {
                prefill: embedded!("mla-prefill", Family::read),
                decode: embedded!("mla-decode", Family::read),
            },
            moe: embedded!("moe", Family::read),
            skew: embedded!("moe-skew", Family::read),
            linear: embedded!("linear", Family::read),
            sparse: embedded!("sparse", Family::read),
            collectives: Collectives {
                nccl: embedded!("nccl", Family::read),
                all_reduce: embedded!("all-reduce", Family::read),
                all_to_all: embedded!("all-to-all", Family::read),
                all_to_all_nodes: embedded!("all-to-all-nodes", Family::read),
            },
            host: embedded!("host", toml::from_str),
            others: embedded!("others", toml::from_str),
            transfer: embedded!("transfer", toml::from_str),
        })
    }

    /// The chips that donors' figures are taken from.
    fn measured(&self) -> Vec<Chip> {
        let catalog = Catalog::embedded();
        catalog.chips().filter(|chip| self.has_measured(chip)).cloned().collect()
    }

    /// Where to look for `chip`'s constants.
    pub(crate) fn site(&self, chip: &Chip) -> Site {
        self.transfer.site(chip)
    }

    /// Whether dense products were measured on `chip` itself, or on what it is a variation of.
    pub(crate) fn has_measured(&self, chip: &Chip) -> bool {
        let mut names = std::iter::once(&chip.name).chain(&chip.aliases);
        names.any(|name| self.gemm.has_chip(name))
            || chip.base.as_deref().is_some_and(|base| self.has_measured(base))
    }

    /// Whether `chip`'s generation has a named donor: a part of the same maker was measured.
    pub(crate) fn has_relative(&self, chip: &Chip) -> bool {
        self.transfer.has_donor(&chip.generation)
    }

    /// The pool of the newest generation that was measured.
    pub const fn newest_pool() -> &'static str {
        Transfer::NEWEST
    }

    /// The pool of chips whose fit `chip` inherits from; none if that is one chip's.
    pub(crate) fn pool(&self, chip: &Chip) -> Option<String> {
        self.transfer.pool(chip)
    }

    /// Where `chip` inherits from, nearest first.
    pub(crate) fn donors(&self, chip: &Chip) -> Vec<String> {
        self.site(chip).donors
    }

    /// The experts' constants that `chip` itself was measured with.
    pub(crate) fn experts(&self, chip: &Chip, engine: &str, key: &str) -> Option<MoeRow> {
        let found = self.moe.find(&self.site(chip), &[engine], &[key])?;
        found.donor.is_none().then_some(*found.row)
    }

    /// The constants as if no kernel had been measured on the chips `left`, and the pools that have
    /// seen some of them and stay; none if nothing is left to inherit from.
    pub fn without(&self, left: &[&Chip]) -> Option<(Self, Vec<String>)> {
        let names = |chip: &Chip| -> Vec<String> {
            std::iter::once(&chip.name).chain(&chip.aliases).cloned().collect()
        };
        let mut places: Vec<String> = left.iter().copied().flat_map(names).collect();
        let catalog = Catalog::embedded();
        let mut seen = Vec::new();
        let mut stays = false;
        for pool in Transfer::pools() {
            let mut members = self.gemm.chips_measured().filter(|name| {
                let chip = catalog.chip(name);
                chip.is_ok_and(|chip| self.pool(chip).as_deref() == Some(pool))
            });
            if members.all(|name| places.contains(name)) {
                places.push(pool.to_owned());
                continue;
            }
            stays = true;
            if left.iter().any(|chip| self.pool(chip).as_deref() == Some(pool)) {
                seen.push(pool.to_owned());
            }
        }
        let mut calibration = self.clone();
        calibration.forget(&places);
        stays.then_some((calibration, seen))
    }

    fn forget(&mut self, places: &[String]) {
        self.gemm.change().forget(places);
        self.prefill.change().forget(places);
        self.decode.change().forget(places);
        self.mla.prefill.change().forget(places);
        self.mla.decode.change().forget(places);
        self.moe.change().forget(places);
        self.skew.change().forget(places);
        self.linear.change().forget(places);
        self.sparse.change().forget(places);
        let Collectives { nccl, all_reduce, all_to_all, all_to_all_nodes } = &mut self.collectives;
        nccl.change().forget(places);
        all_reduce.change().forget(places);
        for family in [all_to_all, all_to_all_nodes] {
            family.change().forget(places);
        }
    }

    /// See [`Transfer::stream_scale`]; `own` in bytes per second.
    pub(crate) fn stream_scale(&self, chip: &Chip, donor: &str, own: f64) -> f64 {
        self.transfer.stream_scale(chip, donor, BytesPerSec::new(own), || self.measured())
    }

    /// What to multiply an inherited compute efficiency by.
    pub(crate) fn compute_scale(&self, chip: &Chip, donor: &str, engine: Engine) -> f64 {
        self.transfer.compute_scale(chip, donor, engine, || self.measured())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_files_are_well_formed() {
        let all = Calibration::embedded();
        let errors = [
            all.gemm.check(),
            all.prefill.check(),
            all.decode.check(),
            all.mla.prefill.check(),
            all.mla.decode.check(),
            all.moe.check(),
            all.skew.check(),
            all.linear.check(),
            all.sparse.check(),
            all.collectives.nccl.check(),
            all.collectives.all_reduce.check(),
            all.collectives.all_to_all.check(),
            all.collectives.all_to_all_nodes.check(),
            all.host.check(),
            all.others.check(),
            all.transfer.check(),
        ];
        for error in errors {
            assert_eq!(error, Ok(()));
        }
        let rows = [
            all.gemm.check_rows(),
            all.prefill.check_rows(),
            all.decode.check_rows(),
            all.mla.prefill.check_rows(),
            all.mla.decode.check_rows(),
            all.moe.check_rows(),
            all.skew.check_rows(),
            all.linear.check_rows(),
            all.sparse.check_rows(),
            all.collectives.nccl.check_rows(),
            all.collectives.all_reduce.check_rows(),
            all.collectives.all_to_all.check_rows(),
            all.collectives.all_to_all_nodes.check_rows(),
        ];
        for error in rows {
            assert_eq!(error, Ok(()));
        }
    }

    #[test]
    fn a_measured_chip_inherits_from_itself_unchanged() {
        let (calibration, catalog) = (Calibration::embedded(), Catalog::embedded());
        let measured: Vec<&Chip> =
            catalog.chips().filter(|chip| calibration.has_measured(chip)).collect();
        assert!(measured.len() > 8);
        for chip in measured {
            let own = chip.memory.bandwidth.get() / f64::from(chip.cores.expect("is known"));
            let stream = calibration.stream_scale(chip, &chip.name, own);
            assert!((stream - 1.0).abs() < 1e-12, "{}: {stream}", chip.name);
            for &engine in chip.peaks.keys() {
                let compute = calibration.compute_scale(chip, &chip.name, engine);
                assert!((compute - 1.0).abs() < 1e-12, "{} {engine:?}: {compute}", chip.name);
            }
        }
    }

    #[test]
    fn errors_name_the_file() {
        let error = Embedded::<Transfer>::new("transfer", "donors = 3", toml::from_str)
            .check()
            .unwrap_err();
        assert!(error.to_string().starts_with("calibration/transfer.toml: "), "{error}");
    }
}
