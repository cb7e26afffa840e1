//! Memory: totals that do not add up, GB for GiB, pins and dies that no such memory has.

use crate::hardware::catalog::{Catalog, MemoryKind};
use crate::hardware::finding::Finding;
use crate::hardware::spec::{ChipSpec, MemorySpec};
use crate::units::{Bytes, significant};

/// How far a printed total may be from the derived one.
const TOLERANCE: f64 = 0.01;
/// GiB over GB.
const GIB: f64 = 1.073_741_824;
/// Room for rounded printed figures around that ratio.
const NEAR: f64 = 0.004;

pub(super) fn lint(spec: &ChipSpec, catalog: &Catalog) -> Vec<Finding> {
    let memory = &spec.memory;
    let kind = memory.kind.as_ref().and_then(|kind| catalog.memory_kind(kind.get()));
    let mut findings: Vec<Finding> = [
        printed_capacity(memory),
        printed_bandwidth(memory),
        usable(memory),
        unknown_kind(memory, kind.is_some()),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(kind) = kind {
        findings.extend(beyond_kind(memory, kind));
    }
    findings
}

fn printed_capacity(memory: &MemorySpec) -> Option<Finding> {
    let printed = memory.printed_capacity.as_ref()?;
    let derived = memory.physical()?;
    let ratio = *printed.get() / derived;
    if (ratio - 1.0).abs() <= TOLERANCE {
        return None;
    }
    let stacks = gib(derived);
    let finding = Finding::error("memory.printed_capacity", printed.text());
    Some(if near(ratio, 1.0 / GIB) {
        finding
            .says(format!("is 7.4 % below the {stacks} of the stacks: GB taken for GiB"))
            .remedy("the GB of HBM on data sheets are GiB; write GiB")
    } else if near(ratio, GIB) {
        finding
            .says(format!("is 7.4 % above the {stacks} of the stacks: GiB taken for GB"))
            .remedy("check the die capacity: 16 Gbit are 2 GiB, 24 Gbit are 3 GiB")
    } else {
        finding
            .says(format!("is {:+.1} % off the {stacks} of the stacks", percent(ratio)))
            .remedy("check stacks, height and die_capacity, or give an enabled_fraction")
    })
}

fn printed_bandwidth(memory: &MemorySpec) -> Option<Finding> {
    let printed = memory.printed_bandwidth.as_ref()?;
    let derived = memory.peak_bandwidth()?;
    let ratio = *printed.get() / derived;
    if (ratio - 1.0).abs() <= TOLERANCE {
        return None;
    }
    let finding = Finding::error("memory.printed_bandwidth", printed.text());
    Some(
        finding
            .says(format!("is {:+.1} % off the {derived} of the pins", percent(ratio)))
            .remedy("check stacks, pins and pin_rate"),
    )
}

fn usable(memory: &MemorySpec) -> Option<Finding> {
    let physical = memory.physical()?;
    let Some(usable) = &memory.usable_capacity else {
        let finding = Finding::note("memory.usable_capacity", "");
        return Some(finding.says("is not given: all of the physical capacity counts as usable"));
    };
    let ratio = *usable.get() / physical;
    if ratio > 1.0 + 1e-3 {
        let finding = Finding::error("memory.usable_capacity", usable.text());
        return Some(
            finding
                .says(format!("is more than the {} that the part has", gib(physical)))
                .remedy("a process cannot allocate more than the enabled part of the stacks"),
        );
    }
    let finding = Finding::warning("memory.usable_capacity", usable.text());
    if near(ratio, 1.0 / GIB) {
        return Some(
            finding
                .says("is 7.4 % below the physical capacity: GB taken for GiB?")
                .remedy("write what the driver shows, in MiB or GiB"),
        );
    }
    (ratio < 0.85).then(|| {
        finding
            .says(format!("is only {:.0} % of the physical capacity", ratio * 100.0))
            .remedy("if part of the stacks is fused off, give an enabled_fraction")
    })
}

fn unknown_kind(memory: &MemorySpec, is_known: bool) -> Option<Finding> {
    let kind = memory.kind.as_ref()?;
    (memory.stacks.is_some() && !is_known).then(|| {
        Finding::note("memory.kind", kind.text())
            .says("is not in hbm.toml: pins and dies are not checked")
    })
}

fn beyond_kind(memory: &MemorySpec, kind: &MemoryKind) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(pins) = &memory.pins
        && *pins.get() != kind.pins
    {
        findings.push(
            Finding::error("memory.pins", pins.text())
                .says(format!("a stack of this kind has {} data pins", kind.pins))
                .remedy("give the pins of one stack"),
        );
    }
    if let Some(rate) = &memory.pin_rate
        && *rate.get() > kind.fastest
    {
        let stack = rate.get().bus(kind.pins);
        findings.push(
            Finding::error("memory.pin_rate", rate.text())
                .says(format!(
                    "is beyond the fastest pins shown of this kind, {}: {stack} a stack",
                    kind.fastest
                ))
                .remedy("check the unit and whether it is the rate of one pin"),
        );
    }
    if let Some(height) = &memory.height
        && !kind.heights.contains(height.get())
    {
        findings.push(
            Finding::warning("memory.height", height.text())
                .says(format!("stacks of this kind have {} dies", list(&kind.heights))),
        );
    }
    if let Some(die) = memory.die_capacity.as_ref().filter(|die| !kind.dies.contains(die.get())) {
        findings.push(
            Finding::warning("memory.die_capacity", die.text())
                .says("is no die of this kind")
                .remedy("16 Gbit are 2 GiB, 24 Gbit are 3 GiB, 32 Gbit are 4 GiB"),
        );
    }
    findings
}

fn near(ratio: f64, to: f64) -> bool {
    (ratio / to - 1.0).abs() < NEAR
}

fn percent(ratio: f64) -> f64 {
    (ratio - 1.0) * 100.0
}

fn gib(bytes: Bytes) -> String {
    format!("{} GiB", significant(bytes.get() / f64::from(1 << 30), 4))
}

fn list(heights: &[u32]) -> String {
    heights.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
