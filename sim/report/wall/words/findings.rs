//! What the ladder says, in sentences computed from its numbers.

use super::super::WallDocument;
use super::{formats, growth, intensity, levers, life, megawatt, time, turns};
use crate::report::wall::{asked, needs};

/// The sentences, most important first; empty if no chip ran.
pub fn findings(document: &WallDocument) -> Vec<String> {
    let of = [growth, formats, time, levers, needs::said, megawatt];
    let explained = [intensity, turns, life].into_iter().filter(|_| asked(document));
    let said = of.into_iter().chain(explained).flat_map(|said| said(document));
    said.chain(left_out(document)).collect()
}

fn left_out(document: &WallDocument) -> impl Iterator<Item = String> {
    document.rows.iter().filter(|row| !row.ran()).map(|row| match &row.reason {
        Some(reason) => format!("{} has no result: {reason}.", row.title),
        None => format!("{} has no result.", row.title),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;
    use crate::report::{Shares, WallRow};

    fn row(title: &str, output: f64, bandwidth: f64, pflop: f64) -> WallRow {
        WallRow {
            output_tok_s_per_gpu: Some(output),
            hbm_tb_s: Some(bandwidth),
            dense_pflop_s: Some(pflop),
            decode_bound: Shares {
                compute: Some(0.25),
                hbm_bandwidth: Some(0.75),
                ..Shares::default()
            },
            ..WallRow::unknown(&title.to_lowercase(), title, Class::Datasheet)
        }
    }

    fn ladder(rows: Vec<WallRow>) -> WallDocument {
        WallDocument { rows, ..WallDocument::default() }
    }

    #[test]
    fn growth_is_measured_from_the_first_to_the_last_that_ran() {
        let missing = WallRow::unknown("none", "None", Class::Estimate);
        let rows = vec![missing, row("Old", 100.0, 2.0, 1.0), row("New", 630.0, 12.0, 20.0)];
        let said = findings(&ladder(rows)).join(" ");
        assert!(said.contains("From Old to New: HBM bandwidth ×6.0, dense FLOP/s ×20.0"), "{said}");
        assert!(said.contains("output tokens per GPU ×6.3."), "{said}");
        assert!(said.contains("nearer to that of HBM bandwidth"), "{said}");
        assert!(said.contains("HBM bandwidth on every chip (75 %)"), "{said}");
        assert!(said.contains("None has no result."), "{said}");
    }

    #[test]
    fn output_that_grows_like_arithmetic_is_said_to() {
        let rows = vec![row("Old", 100.0, 2.0, 1.0), row("New", 1900.0, 12.0, 20.0)];
        assert!(findings(&ladder(rows)).join(" ").contains("nearer to that of FLOP/s"));
    }

    #[test]
    fn one_chip_is_compared_with_nothing() {
        let said = findings(&ladder(vec![row("Only", 1.0, 1.0, 1.0)])).join(" ");
        assert!(!said.contains('×'), "{said}");
        assert!(findings(&ladder(Vec::new())).is_empty());
    }
}
