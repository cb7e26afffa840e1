//! The file of a family, as the cost layer reads it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::family::Family;
use super::group::{Fit, Group, Place};
use super::solve::{Score, decimal, four_digits};

/// What the constants rest on.
pub const SOURCE: &str = "aiconfigurator-core 0.12.0 (NVIDIA, Apache-2.0): measured kernels; the \
                          fits are our own";

/// The text of `family`'s file with the fits of its groups, in the groups' order.
pub fn toml(family: &Family, fits: &[(&Group, &Fit)]) -> String {
    let mut text = String::from("# Written by `memwall calibrate`; edits are lost.\n#\n");
    for line in family.head.lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    let _ = writeln!(text, "form = \"{}\"", family.form);
    let _ = writeln!(text, "source = \"{SOURCE}\"");
    let _ = writeln!(text, "measured = \"{}\"", measured(family, fits));
    text.push_str(&versions(fits));
    let mut table = String::new();
    for (group, fit) in fits {
        let places = match group.place {
            Place::Chip(_) => "chips",
            Place::Pool(_) => "generations",
        };
        let name = format!("{places}.{}.{}", group.place.name(), group.engine);
        if name != table {
            let _ = write!(text, "\n[{name}]\n");
            table = name;
        }
        let _ = writeln!(text, "{} = {}", group.key, row(family, group, fit));
    }
    text
}

fn row(family: &Family, group: &Group, fit: &Fit) -> String {
    let constants = family.constants.iter().zip(&fit.values);
    let mut parts: Vec<String> = constants.map(|(c, &value)| c.written(value)).collect();
    let fixed = [family.alternatives[fit.alternative], (family.extra)(&group.key)];
    parts.extend(fixed.into_iter().filter(|text| !text.is_empty()).map(str::to_owned));
    let held_out = fit.held_out.map_or_else(String::new, |score| {
        let [median, p90, bias] =
            [score.median, score.p90, score.bias].map(|x| decimal(rounded(x)));
        format!(", held-out = {{ median = {median}, p90 = {p90}, bias = {bias} }}")
    });
    format!("{{ row = {{ {} }}, n = {}{held_out} }}", parts.join(", "), group.len())
}

/// Errors to a tenth of a per cent.
fn rounded(share: f64) -> f64 {
    four_digits((share * 1000.0).round() / 1000.0)
}

/// How much was measured, and the errors on shapes that the fit did not see, over all chips.
fn measured(family: &Family, fits: &[(&Group, &Fit)]) -> String {
    let chips = || fits.iter().filter(|(group, _)| matches!(group.place, Place::Chip(_)));
    let samples: usize = chips().map(|(group, _)| group.len()).sum();
    let residuals: Vec<f64> = chips().flat_map(|(_, fit)| fit.residuals.iter().copied()).collect();
    let errors = Score::of(&residuals).map_or_else(String::new, |score| {
        let [median, p90] = [score.median, score.p90].map(|share| share * 100.0);
        format!("; shape families held out: median error {median:.1} %, p90 {p90:.1} %")
    });
    format!("{}; {samples} kernels{errors}", family.domain)
}

/// The version most chips have of each engine, and the chips that differ.
fn versions(fits: &[(&Group, &Fit)]) -> String {
    let mut by_engine = BTreeMap::<&str, BTreeMap<&str, &str>>::new();
    for (group, _) in fits {
        if let Place::Chip(chip) = &group.place {
            by_engine.entry(&group.engine).or_default().insert(chip, &group.version);
        }
    }
    let mut usual = Vec::new();
    let mut exceptions = BTreeMap::<&str, Vec<String>>::new();
    for (engine, chips) in by_engine {
        let count = |version: &str| chips.values().filter(|known| **known == version).count();
        let Some(most) = chips.values().copied().max_by_key(|version| (count(version), *version))
        else {
            continue;
        };
        usual.push(format!("{engine} = \"{most}\""));
        for (chip, version) in chips.into_iter().filter(|(_, version)| *version != most) {
            exceptions.entry(chip).or_default().push(format!("{engine} = \"{version}\""));
        }
    }
    let mut text = format!("versions = {{ {} }}\n", usual.join(", "));
    for (chip, versions) in exceptions {
        let _ = writeln!(text, "versions_of.{chip} = {{ {} }}", versions.join(", "));
    }
    text
}
