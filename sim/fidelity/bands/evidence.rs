//! Standard deviations of families of operators, from errors of their kernels.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::table::{Deviation, Kernels, Kinship};
use crate::cost::OpFamily;
use crate::des::quantile;
use crate::fidelity::fit::{Fit, Group, Outcome, Place, Rule, SOURCE};

/// Families of kernels behind a family of operators: the worst pool of them counts.
const POOLS: [(OpFamily, &[&[&str]]); 5] = [
    (
        OpFamily::Attention,
        &[&["attention-prefill", "mla-prefill"], &["attention-decode", "mla-decode"]],
    ),
    (OpFamily::Collectives, &[&["nccl", "all-reduce", "all-to-all"]]),
    (OpFamily::Experts, &[&["moe"]]),
    (OpFamily::Gemm, &[&["gemm"]]),
    (OpFamily::Recurrent, &[&["linear"]]),
];

/// The median of the absolute value of a normal deviate.
const NORMAL_MEDIAN: f64 = 0.6745;

/// Judgements: strangers against heirs, and operators of which no kernel was measured against
/// products.
const STRANGER: f64 = 2.0;
const UNMEASURED: f64 = 2.0;

const HEAD: &str = "\
# Written by `memwall calibrate --bands`; edits are lost.
#
# Standard deviations (sd) of the natural logarithm of predicted over measured times of kernels, by
# family of operators: the median of its absolute value over 0.6745. A family's operators err
# together: independent errors would average out over a step and make bands too narrow.
#
# own: chips with HBM that were measured; shapes that the fit did not see. heir: the newest
# generation that was measured, left out and predicted from the one before; what the older lacks
# (nvfp4), its later chips from its first. stranger: chips of makers of whom no kernel was measured:
# twice the heir's, a judgement. Attention is the worse of prefill and decode.
";

/// Errors of predicted kernels, by their family: logarithms of predicted over measured.
#[derive(Debug, Default)]
pub struct Evidence {
    own: BTreeMap<&'static str, Vec<f64>>,
    heir: BTreeMap<&'static str, Vec<f64>>,
}

impl Evidence {
    /// Adds a fit on shapes that it did not see; boards with graphics memory do not count.
    pub fn add_fit(&mut self, family: &'static str, group: &Group, fit: &Fit) {
        if matches!(group.place, Place::Chip(_)) && group.has_hbm() {
            let errors = fit.residuals.iter().map(|&ratio| libm::log(ratio));
            self.own.entry(family).or_default().extend(errors);
        }
    }

    /// Adds chips that were left out, by the rule that prices are made by. Of `later` only kernels
    /// of which `first` has none.
    pub fn add_left_out(&mut self, first: &[Outcome], later: &[Outcome]) {
        let is_new = |outcome: &&Outcome| {
            !first.iter().any(|known| {
                (known.family, &known.engine, &known.key)
                    == (outcome.family, &outcome.engine, &outcome.key)
            })
        };
        let all = first.iter().chain(later.iter().filter(is_new));
        for outcome in all.filter(|outcome| outcome.rule == Rule::CHOSEN) {
            let errors = outcome.residuals.iter().map(|&ratio| libm::log(ratio));
            self.heir.entry(outcome.family).or_default().extend(errors);
        }
    }

    /// The families of operators that lack kernels.
    pub fn missing(&self) -> Vec<&'static str> {
        let known = |errors: &BTreeMap<_, _>, pools: &[&[&str]]| worst(errors, pools).is_some();
        let is_missing = |pools: &[&[&str]]| !known(&self.own, pools) || !known(&self.heir, pools);
        POOLS.into_iter().filter(|of| is_missing(of.1)).map(|of| of.0.key()).collect()
    }

    /// The file of deviations; none if a family of operators is [missing](Self::missing).
    pub fn toml(&self) -> Option<String> {
        let kernels = self.kernels()?;
        let mut text = format!("{HEAD}source = \"{SOURCE}\"\n");
        for (family, by_kinship) in &kernels {
            let _ = write!(text, "\n[times.{family}]\n");
            for (kinship, deviation) in by_kinship {
                let _ = writeln!(text, "{} = {deviation}", kinship.key());
            }
        }
        Some(text)
    }

    fn kernels(&self) -> Option<Kernels> {
        let mut kernels = Kernels::new();
        for (family, pools) in POOLS {
            let own = worst(&self.own, pools)?;
            let heir = worst(&self.heir, pools)?.at_least(&own);
            kernels.insert(family.key().to_owned(), by_kinship(own, heir));
        }
        let gemm = &kernels[OpFamily::Gemm.key()];
        let doubled = |kinship| {
            gemm[&kinship].times(UNMEASURED, "no kernels; twice the products', a judgement")
        };
        let unmeasured = by_kinship(doubled(Kinship::Own), doubled(Kinship::Heir));
        kernels.insert(OpFamily::Elementwise.key().to_owned(), unmeasured);
        Some(kernels)
    }
}

fn by_kinship(own: Deviation, heir: Deviation) -> BTreeMap<Kinship, Deviation> {
    let stranger = heir.times(STRANGER, "twice the heir's, a judgement");
    [(Kinship::Own, own), (Kinship::Heir, heir), (Kinship::Stranger, stranger)].into()
}

/// The largest deviation of the pools that have errors.
fn worst(errors: &BTreeMap<&str, Vec<f64>>, pools: &[&[&str]]) -> Option<Deviation> {
    let of_pool = |pool: &&[&str]| {
        let known = pool.iter().filter(|family| errors.contains_key(**family));
        let known: Vec<&str> = known.copied().collect();
        let sizes = known.iter().flat_map(|family| &errors[family]).map(|error| error.abs());
        deviation(sizes.collect(), &known.join(", "))
    };
    pools.iter().filter_map(of_pool).max_by(|a, b| a.sd.total_cmp(&b.sd))
}

fn deviation(mut sizes: Vec<f64>, of: &str) -> Option<Deviation> {
    sizes.sort_by(f64::total_cmp);
    let median = quantile(&sizes, 0.5)?;
    Some(Deviation::new(median / NORMAL_MEDIAN, sizes.len(), of))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of every family: `own` where measured, `heir` where left out.
    fn evidence(own: f64, heir: f64) -> Evidence {
        let mut evidence = Evidence::default();
        for family in POOLS.iter().flat_map(|of| of.1).flat_map(|pool| pool.iter()) {
            evidence.own.insert(family, vec![own, -own, 2.0 * own]);
            evidence.heir.insert(family, vec![heir; 5]);
        }
        evidence
    }

    #[test]
    fn a_file_reads_back_as_it_was_written() {
        let evidence = evidence(0.05, -0.12);
        let text = evidence.toml().expect("every family has errors");
        assert_eq!(Some(&text), evidence.toml().as_ref());
        let read = super::super::table::parse(&text).expect("the file is well-formed");
        assert_eq!(read, evidence.kernels().expect("the same"));
        let gemm = &read["gemm"];
        assert!((gemm[&Kinship::Own].sd - 0.05 / NORMAL_MEDIAN).abs() < 5e-4);
        assert!((gemm[&Kinship::Heir].sd - 0.12 / NORMAL_MEDIAN).abs() < 5e-4);
        assert_eq!(gemm[&Kinship::Own].n, Some(3));
    }

    #[test]
    fn heirs_are_never_surer_than_what_was_measured_nor_strangers_than_heirs() {
        let kernels = evidence(0.2, 0.1).kernels().expect("every family has errors");
        for (family, by_kinship) in kernels {
            let [own, heir, stranger] = [Kinship::Own, Kinship::Heir, Kinship::Stranger]
                .map(|kinship| by_kinship[&kinship].sd);
            assert!(own <= heir && heir <= stranger, "{family}");
        }
    }

    #[test]
    fn the_worst_pool_counts_and_a_missing_one_is_named() {
        let mut evidence = evidence(0.1, 0.1);
        evidence.own.insert("mla-decode", vec![0.5; 9]);
        let kernels = evidence.kernels().expect("every family has errors");
        let own = kernels["attention"][&Kinship::Own].sd;
        assert!((own - 0.5 / NORMAL_MEDIAN).abs() < 5e-4, "{own}");
        evidence.heir.remove("linear");
        assert_eq!((evidence.missing(), evidence.toml()), (vec!["recurrent"], None));
    }
}
