//! Systems: known chips, domains that fit, links as the chip has them.

use crate::hardware::catalog::Catalog;
use crate::hardware::catalog::HardwareError;
use crate::hardware::finding::Finding;
use crate::hardware::spec::{Given, SystemSpec};

pub(super) fn lint(spec: &SystemSpec, catalog: &Catalog) -> Vec<Finding> {
    [unknown_chip(spec, catalog), domain(spec), tray(spec), fabric(spec, catalog), power(spec)]
        .into_iter()
        .flatten()
        .collect()
}

fn unknown_chip(spec: &SystemSpec, catalog: &Catalog) -> Option<Finding> {
    match catalog.chip(&spec.chip) {
        Err(error @ HardwareError::UnknownChip { .. }) => {
            Some(Finding::error("chip", &spec.chip).says(error.to_string()))
        }
        _ => None,
    }
}

fn domain(spec: &SystemSpec) -> Option<Finding> {
    (spec.domain.get() > spec.accelerators.get()).then(|| {
        Finding::error("domain", spec.domain.text())
            .says(format!("is more than the {} accelerators", spec.accelerators.text()))
            .remedy("count packages in both")
    })
}

fn tray(spec: &SystemSpec) -> Option<Finding> {
    let tray = spec.tray.as_ref().filter(|tray| tray.get() > spec.domain.get())?;
    let finding = Finding::error("tray", tray.text());
    Some(finding.says(format!("is more than the {} of a domain", spec.domain.text())))
}

fn fabric(spec: &SystemSpec, catalog: &Catalog) -> Option<Finding> {
    let bandwidth = spec.fabric.bandwidth.as_ref()?;
    let chip = catalog.chip(&spec.chip).ok()?.scale_up.as_ref()?;
    let ratio = *bandwidth.get() / chip.bandwidth;
    ((ratio - 2.0).abs() < 0.02).then(|| {
        Finding::error("fabric.bandwidth", bandwidth.text())
            .says(format!("is twice the {} that the chip has per direction", chip.bandwidth))
            .remedy("makers print both directions added; give one")
    })
}

/// The usual draw above the most; per accelerator, facility power below IT power.
fn power(spec: &SystemSpec) -> Option<Finding> {
    let pairs = [
        ("power.maximum", &spec.power.maximum, &spec.power.typical),
        (
            "power.facility_per_accelerator",
            &spec.power.facility_per_accelerator,
            &spec.power.it_per_accelerator,
        ),
    ];
    pairs.into_iter().find_map(|(key, whole, part)| {
        (whole.given()? < part.given()?).then(|| {
            Finding::warning(key, whole.as_ref().map_or("", |figure| figure.text()))
                .says(format!("is less than {}", part.as_ref().map_or("", |figure| figure.text())))
        })
    })
}
