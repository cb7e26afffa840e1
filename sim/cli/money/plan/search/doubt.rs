//! How sure the yield of pools is: they serve again in worlds where things are other than assumed.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::unit::Unit;
use crate::cli::simulate::{Field, PAIRS, ratio_band};
use crate::cluster::{Setup, Stride, nearby};
use crate::cost::Calibration;
use crate::fidelity::{Doubt, World};
use crate::hardware::Catalog;
use crate::report::Band;

/// The band of what `unit` yields over what it does with things as assumed, near the load that was
/// found; nulls if it does not serve in some world.
pub(super) fn band(unit: &Unit, concurrency: u32, at: (&Field, &Catalog)) -> Band {
    drawn(unit, concurrency, at).unwrap_or_default()
}

fn drawn(unit: &Unit, concurrency: u32, (field, catalog): (&Field, &Catalog)) -> Option<Band> {
    let at = (field, catalog);
    let terms = field.terms(catalog);
    let assumed = unit.setup(1, at).ok()?;
    let worlds = worlds(unit, &assumed, catalog, terms.seed);
    let middle = nearby(assumed, concurrency, Stride::ROUGH, &terms);
    let near = middle.concurrency.unwrap_or(concurrency);
    let outcomes: Vec<Option<f64>> = (0..2 * PAIRS as usize)
        .into_par_iter()
        .map(|place| {
            let world = |chip: &str| worlds.get(chip).map(|worlds| &worlds[place]);
            let there = unit.setup_in(world, 1, at).ok()?;
            Some(nearby(there, near, Stride::ROUGH, &terms).output_tok_s_per_gpu)
        })
        .collect();
    let of = &worlds[unit.serving.chip.as_str()];
    let band = ratio_band(
        Some(1.0),
        (Some(middle.output_tok_s_per_gpu), &outcomes),
        of,
        Some("throughput"),
    );
    band.map(|(band, _)| band)
}

/// The worlds of each of its chips; what they share has the same luck.
fn worlds<'a>(
    unit: &'a Unit,
    setup: &Setup,
    catalog: &Catalog,
    seed: u64,
) -> BTreeMap<&'a str, Vec<World>> {
    let prefill = unit.prefill.as_ref().zip(setup.prefill.as_ref());
    let prefill = prefill.map(|((kind, _), deployment)| (kind, deployment));
    let all = [Some((&unit.serving, &setup.deployment)), prefill];
    let drawn = all.into_iter().flatten().filter_map(|(kind, deployment)| {
        let chip = catalog.chip(&kind.chip).ok()?;
        let doubt = Doubt::about(chip, &deployment.program, Calibration::embedded());
        Some((kind.chip.as_str(), doubt.draws(PAIRS, seed)))
    });
    drawn.collect()
}
