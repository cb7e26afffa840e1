//! Names: of the part, its aliases, its generation, its system.

use crate::hardware::catalog::HardwareError;
use crate::hardware::catalog::{Catalog, normal};
use crate::hardware::finding::Finding;
use crate::hardware::spec::ChipSpec;

pub(super) fn lint(spec: &ChipSpec, catalog: &Catalog) -> Vec<Finding> {
    let mut findings: Vec<Finding> = [name(spec), generation(spec, catalog), system(spec, catalog)]
        .into_iter()
        .flatten()
        .collect();
    findings.extend(aliases(spec, catalog));
    findings
}

fn name(spec: &ChipSpec) -> Option<Finding> {
    let usual = normal(&spec.name);
    (usual != spec.name).then(|| {
        Finding::warning("name", &spec.name)
            .says("names are lower case with hyphens")
            .remedy(format!("write `{usual}`"))
    })
}

fn generation(spec: &ChipSpec, catalog: &Catalog) -> Option<Finding> {
    let generation = spec.generation.as_deref()?;
    let is_known = catalog
        .specs()
        .any(|other| other.generation.as_deref() == Some(generation) && other.name != spec.name);
    // A shipped part may be the only one of its generation.
    let is_shipped = catalog.chip(&spec.name).is_ok_and(|chip| chip.generation == generation);
    (!is_known && !is_shipped).then(|| {
        Finding::note("generation", generation)
            .says("is no generation of the catalogue: peaks are not compared, nothing is inherited")
    })
}

fn system(spec: &ChipSpec, catalog: &Catalog) -> Option<Finding> {
    let system = spec.system.as_deref()?;
    match catalog.system(system) {
        Err(HardwareError::UnknownSystem { nearest, .. }) => {
            let finding = Finding::error("system", system).says("is no system of the catalogue");
            Some(match nearest {
                Some(nearest) => finding.remedy(format!("did you mean `{nearest}`?")),
                None => finding,
            })
        }
        _ => None,
    }
}

/// An alias that finds another part would never find this one.
fn aliases(spec: &ChipSpec, catalog: &Catalog) -> Vec<Finding> {
    spec.aliases
        .iter()
        .filter_map(|alias| {
            let other = catalog.chip(alias).ok()?;
            (normal(&other.name) != normal(&spec.name)).then(|| {
                Finding::warning("aliases", alias)
                    .says(format!("already names `{}`, which is found first", other.name))
            })
        })
        .collect()
}
