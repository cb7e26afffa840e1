//! Peaks: dense or sparse?
//!
//! Data sheets print the sparse peak in large type. Three things give it away: it is another
//! chip's known sparse peak, cores and clock cannot do it, or it is out of proportion to the
//! other engines.

use crate::hardware::catalog::Catalog;
use crate::hardware::chip::Engine;
use crate::hardware::finding::Finding;
use crate::hardware::spec::{ChipSpec, Figure, Given};
use crate::units::FlopPerSec;

/// Two figures that are printed alike.
const SAME: f64 = 0.003;
/// Beyond rounding and binning, well below the factor 2 of sparsity.
const EXCESS: f64 = 1.25;
const REMEDY: &str = "dense peaks belong here; move a sparse one to [compute.sparse]";

pub(super) fn lint(spec: &ChipSpec, catalog: &Catalog) -> Vec<Finding> {
    let kin: Vec<&ChipSpec> =
        catalog.specs().filter(|other| other.generation == spec.generation).collect();
    spec.compute
        .dense
        .by_engine()
        .filter_map(|(engine, peak)| {
            let claim = Claim { spec, engine, peak };
            let message = claim
                .beyond_own_sparse()
                .or_else(|| claim.known_as_sparse(&kin))
                .or_else(|| claim.beyond_cores(&kin))
                .or_else(|| claim.out_of_proportion(&kin))?;
            let key = format!("compute.dense.{}", name(engine));
            Some(Finding::error(&key, peak.text()).says(message).remedy(REMEDY))
        })
        .collect()
}

/// One dense peak that a file claims.
struct Claim<'a> {
    spec: &'a ChipSpec,
    engine: Engine,
    peak: &'a Figure<FlopPerSec>,
}

impl Claim<'_> {
    fn beyond_own_sparse(&self) -> Option<String> {
        let sparse = sparse(self.spec, self.engine)?;
        (self.peak.get() >= sparse.get())
            .then(|| format!("is no less than the sparse peak of the file, {}", sparse.text()))
    }

    fn known_as_sparse(&self, kin: &[&ChipSpec]) -> Option<String> {
        let known = kin.iter().find(|other| {
            sparse(other, self.engine)
                .is_some_and(|sparse| close(*self.peak.get() / *sparse.get(), 1.0))
        })?;
        Some(format!("is the sparse peak of `{}`", known.name))
    }

    fn beyond_cores(&self, kin: &[&ChipSpec]) -> Option<String> {
        let own = per_core_clock(self.spec, self.engine)?;
        let usual = kin
            .iter()
            .filter_map(|other| per_core_clock(other, self.engine))
            .max_by(f64::total_cmp)?;
        (own > usual * EXCESS).then(|| {
            format!("needs {own:.0} FLOP per core and clock; this generation does {usual:.0} dense")
        })
    }

    /// Compares with BF16 (and BF16 with FP8), as proportions between engines are a generation's.
    fn out_of_proportion(&self, kin: &[&ChipSpec]) -> Option<String> {
        let other = if self.engine == Engine::Bf16 { Engine::Fp8 } else { Engine::Bf16 };
        let ratio = |spec: &ChipSpec| Some(dense(spec, self.engine)? / dense(spec, other)?);
        let own = ratio(self.spec)?;
        let usual = kin.iter().filter_map(|spec| ratio(spec)).max_by(f64::total_cmp)?;
        (own > usual * EXCESS).then(|| {
            format!(
                "is {own:.2} times the {} peak; in this generation it is {usual:.2} times",
                name(other).to_uppercase()
            )
        })
    }
}

fn dense(spec: &ChipSpec, engine: Engine) -> Option<FlopPerSec> {
    spec.compute.dense.by_engine().find(|(e, _)| *e == engine).map(|(_, peak)| *peak.get())
}

fn sparse(spec: &ChipSpec, engine: Engine) -> Option<&Figure<FlopPerSec>> {
    spec.compute.sparse.by_engine().find(|(e, _)| *e == engine).map(|(_, peak)| peak)
}

fn per_core_clock(spec: &ChipSpec, engine: Engine) -> Option<f64> {
    let cores = f64::from(spec.silicon.cores.given()?);
    let clock = spec.silicon.clock.given()?;
    Some(dense(spec, engine)?.get() / clock.get() / cores)
}

fn close(ratio: f64, to: f64) -> bool {
    (ratio / to - 1.0).abs() < SAME
}

const fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Tf32 => "tf32",
        Engine::Bf16 => "bf16",
        Engine::Fp8 => "fp8",
        Engine::Fp6 => "fp6",
        Engine::Fp4 => "fp4",
        Engine::Int8 => "int8",
    }
}
