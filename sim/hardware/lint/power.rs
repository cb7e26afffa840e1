//! Power: parts larger than their whole.

use crate::hardware::finding::Finding;
use crate::hardware::spec::{ChipSpec, Figure};
use crate::units::Watts;

pub(super) fn lint(spec: &ChipSpec) -> Vec<Finding> {
    let power = &spec.power;
    [
        smaller(("power.it", &power.it), ("the TDP", &power.tdp)),
        smaller(("power.facility", &power.facility), ("IT power", &power.it)),
        smaller(("power.facility", &power.facility), ("the TDP", &power.tdp)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn smaller(
    (key, whole): (&str, &Option<Figure<Watts>>),
    (part_name, part): (&str, &Option<Figure<Watts>>),
) -> Option<Finding> {
    let (whole, part) = (whole.as_ref()?, part.as_ref()?);
    (whole.get() < part.get()).then(|| {
        Finding::warning(key, whole.text())
            .says(format!("is less than {part_name}, {}", part.text()))
            .remedy("IT power includes the package, facility power includes IT power")
    })
}
