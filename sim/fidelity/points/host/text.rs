//! The calibration file of the host terms.

use std::fmt::Write;

use super::fit::{HostFit, HostScore};
use super::response::{NAMES, values};
use crate::units::significant;

const HEAD: &str = "\
# The host's part of a step, which no kernel table contains, per engine. Written by
# `memwall validate --fit-host`; not edited by hand.
#
# step: per step: scheduling, input preparation, the gap between graphs. sequence: per sequence of
# a step: bookkeeping, sampling, detokenising. kernel: per kernel: the gap between two nodes of a
# CUDA graph. rank: per further rank: handing it its inputs, and waiting for the last. first-token:
# once per request: parsing, dispatching and answering it; token: the same per token of its prompt,
# receiving and tokenising it. The engine is free meanwhile.
#
# Whole groups (chip, model, engine) were fitted to or held out, by a fixed hash of their names. A
# term that did not lower the error of the groups held out is zero.
form = \"step + sequence x sequences + kernel x kernels + rank x (ranks - 1); first-token + \
token x prompt once a request\"
source = \"serving points of aiconfigurator-core 0.12.0 (NVIDIA, Apache-2.0; InferenceX and NVIDIA \
runs of 2025 and 2026); the fits are our own\"
";

/// The file for the terms that `fit` has found.
pub fn host_toml(fit: &HostFit) -> String {
    let mut text = HEAD.to_owned();
    for (engine, terms, score) in fit.results() {
        write!(text, "\n[engines.{engine}]\nfitted = \"{}\"\n", fitted(score))
            .expect("a String takes every write");
        for (name, value) in NAMES.iter().zip(values(terms)) {
            let micros = significant(value * 1e6, 4).replace(',', "");
            writeln!(text, "{name} = \"{micros} us\"").expect("a String takes every write");
        }
        for (label, groups) in [("fitted to", &score.groups), ("held out", &score.held_out)] {
            writeln!(text, "# {label}:").expect("a String takes every write");
            for group in groups {
                writeln!(text, "#   {group}").expect("a String takes every write");
            }
        }
    }
    text
}

fn fitted(score: &HostScore) -> String {
    let error = |name: &str, error: Option<(f64, f64)>| match error {
        Some((median, p90)) => {
            format!("{name} {:.1} % median, {:.1} % p90", median * 100.0, p90 * 100.0)
        }
        None => format!("{name} not measured"),
    };
    let dropped = match score.dropped.as_slice() {
        [] => String::new(),
        names => format!("; of no use held out: {}", names.join(", ")),
    };
    format!(
        "{} values of {} groups; {} groups held out: {}, {}{dropped}",
        score.n,
        score.groups.len(),
        score.held_out.len(),
        error("TPOT", score.tpot),
        error("TTFT", score.ttft)
    )
}
