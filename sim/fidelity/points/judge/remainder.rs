//! What no cause explains of the points' errors, and the file that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::split::{group, is_held_out};
use crate::fidelity::bands::{half_width, remainder_of};
use crate::fidelity::points::point::Point;
use crate::fidelity::points::run::Predicted;

const HEAD: &str = "\
# What no cause explains of a figure: standard deviations of logarithms, in quadrature with those of
# bands.toml. Scheduling, settings and versions that measurements do not state. Written by
# `memwall validate --fit-bands`; not edited by hand.
#
# Chosen so that 80 % bands hold four in five points of the groups (chip, model, engine) fitted to;
# what they hold of the other groups is said beside. Boards without stacked memory are left out.
";

/// A point's deviation as explained, and the logarithm of its error.
type Miss = (f64, f64);

/// The file for points and what is predicted of them.
pub fn remainders_toml(predicted: &[(&Point, Predicted)]) -> String {
    let mut misses: BTreeMap<&str, [Vec<Miss>; 2]> = BTreeMap::new();
    for &(point, Predicted { value, deviation }) in predicted {
        let [fitted, held_out] = misses.entry(point.metric.family.remainder()).or_default();
        let side = if is_held_out(&group(point)) { held_out } else { fitted };
        side.push((deviation, libm::log(value / point.measured)));
    }
    let files: BTreeSet<&str> = predicted.iter().map(|(point, _)| file_name(&point.file)).collect();
    let files: Vec<_> = files.into_iter().collect();
    let mut text = format!("{HEAD}source = {:?}\n\n[figures]\n", files.join(", "));
    for (figure, [fitted, held_out]) in misses {
        let deviation = remainder_of(&fitted);
        let held = |(explained, error): &&Miss| error.abs() <= half_width(*explained, deviation);
        let share = held_out.iter().filter(held).count() as f64 / held_out.len().max(1) as f64;
        writeln!(
            text,
            "{figure} = {{ deviation = {deviation:.3}, fitted = \"{} points; bands hold {:.0} % of \
             {} points of groups held out\" }}",
            fitted.len(),
            share * 100.0,
            held_out.len()
        )
        .expect("a String takes every write");
    }
    text
}

/// The name without its folders.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
