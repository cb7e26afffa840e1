//! Links: both directions given for one, bytes for bits.

use crate::hardware::catalog::Catalog;
use crate::hardware::finding::Finding;
use crate::hardware::spec::{ChipSpec, Figure, Given};
use crate::units::BytesPerSec;

/// Two bandwidths that are the same link.
const SAME: f64 = 0.02;
/// What network ports come in, in gigabits per second.
const PORTS: [f64; 5] = [100.0, 200.0, 400.0, 800.0, 1600.0];

pub(super) fn lint(spec: &ChipSpec, catalog: &Catalog) -> Vec<Finding> {
    [
        spec.scale_up.bandwidth.as_ref().and_then(|bandwidth| {
            let name = |chip: &ChipSpec| chip.scale_up.name.given();
            let known = known_links(spec, catalog, name, |chip| chip.scale_up.bandwidth.given());
            doubled("scale_up.bandwidth", bandwidth, &known)
        }),
        spec.host.bandwidth.as_ref().and_then(|bandwidth| {
            let name = |chip: &ChipSpec| chip.host.link.given();
            let known = known_links(spec, catalog, name, |chip| chip.host.bandwidth.given());
            doubled("host.bandwidth", bandwidth, &known)
        }),
        spec.network.bandwidth.as_ref().and_then(bits_or_bytes),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Per-direction bandwidths of links of the same name, or, under a new name, of the generation.
///
/// Neither the description at hand nor a user's others are known: they may all be mistaken.
fn known_links(
    spec: &ChipSpec,
    catalog: &Catalog,
    name: impl Fn(&ChipSpec) -> Option<String>,
    bandwidth: impl Fn(&ChipSpec) -> Option<BytesPerSec>,
) -> Vec<BytesPerSec> {
    let wanted = name(spec).map(|name| letters(&name));
    let is_known = |chip: &&ChipSpec| !catalog.is_foreign(&chip.name);
    let named: Vec<_> = catalog
        .specs()
        .filter(is_known)
        .filter(|chip| wanted.is_some() && name(chip).map(|name| letters(&name)) == wanted)
        .filter_map(&bandwidth)
        .collect();
    if !named.is_empty() {
        return named;
    }
    let kin = catalog.specs().filter(is_known);
    let kin = kin.filter(|chip| chip.generation == spec.generation);
    kin.filter_map(&bandwidth).collect()
}

/// `NVLink 4` and `nvlink4` are one link.
fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

fn doubled(key: &str, bandwidth: &Figure<BytesPerSec>, known: &[BytesPerSec]) -> Option<Finding> {
    let is = |factor: f64| {
        let ratio = |link: &BytesPerSec| *bandwidth.get() / *link / factor;
        known.iter().find(|link| (ratio(link) - 1.0).abs() < SAME)
    };
    if is(1.0).is_some() {
        return None;
    }
    let link = is(2.0)?;
    Some(
        Finding::error(key, bandwidth.text())
            .says(format!("is twice the {link} that this link has per direction"))
            .remedy("makers print both directions added; give one"),
    )
}

fn bits_or_bytes(bandwidth: &Figure<BytesPerSec>) -> Option<Finding> {
    let gigabits = bandwidth.get().get() * 8.0 / 1e9;
    let is_port = |gigabits: f64| PORTS.iter().any(|port| (gigabits / port - 1.0).abs() < SAME);
    if is_port(gigabits) {
        return None;
    }
    let finding = Finding::error("network.bandwidth", bandwidth.text());
    if is_port(gigabits / 8.0) {
        let meant = gigabits / 8.0;
        return Some(
            finding
                .says(format!("is {gigabits:.0} Gbit/s: bytes taken for bits"))
                .remedy(format!("did you mean \"{meant:.0} Gbit/s\"?")),
        );
    }
    is_port(gigabits * 8.0).then(|| {
        Finding::warning("network.bandwidth", bandwidth.text())
            .says("is an eighth of a usual port: bits taken for bytes?")
            .remedy(format!("did you mean \"{gigabits:.1} GB/s\"?"))
    })
}
