//! What the ladder says, in sentences computed from its numbers.

use super::{WallDocument, WallRow, levers};
use crate::cost::Bound;
use crate::report::Shares;
use crate::report::shares::spoken_name;
use crate::report::text::{listed, percent, short};

/// The sentences, most important first; empty if no chip ran.
pub fn findings(document: &WallDocument) -> Vec<String> {
    let ran: Vec<&WallRow> = document.rows.iter().filter(|row| row.ran()).collect();
    let mut sentences = Vec::new();
    if let Some((first, last)) = comparison(document) {
        sentences.extend(growth(first, last));
        sentences.extend(followed(first, last));
    }
    sentences.extend(time_goes_to("Decode time", &ran, |row| row.decode_bound));
    sentences.extend(time_goes_to("The whole task's time, prefill included,", &ran, |row| {
        row.time_share
    }));
    let ends = [ran.first(), ran.last().filter(|_| ran.len() > 1)];
    sentences.extend(ends.into_iter().flatten().filter_map(|row| levers::said(row)));
    sentences.extend(best_per_megawatt(&ran));
    sentences.extend(left_out(document));
    sentences
}

/// The first and the last chip of the ladder that ran, if they are two.
pub(in crate::report) fn comparison(document: &WallDocument) -> Option<(&WallRow, &WallRow)> {
    let first = document.rows.iter().find(|row| row.ran())?;
    let last = document.rows.iter().rfind(|row| row.ran())?;
    (first.chip != last.chip).then_some((first, last))
}

/// One figure of a row.
type Figure = fn(&WallRow) -> Option<f64>;

fn growth(first: &WallRow, last: &WallRow) -> Option<String> {
    let figures: [(&str, Figure); 4] = [
        ("HBM bandwidth", |row| row.hbm_tb_s),
        ("HBM capacity", |row| row.hbm_gb),
        ("dense FLOP/s", |row| row.dense_pflop_s),
        ("output tokens per GPU", |row| row.output_tok_s_per_gpu),
    ];
    let parts: Vec<String> = figures
        .into_iter()
        .filter_map(|(name, figure)| {
            Some(format!("{name} {}", times(ratio(figure(last), figure(first))?)))
        })
        .collect();
    let engines = match (&first.matrix_engine, &last.matrix_engine) {
        (Some(old), Some(new)) if old != new => {
            let same = ratio(last.bf16_pflop_s, first.bf16_pflop_s);
            let same = same.map_or_else(String::new, |ratio| {
                format!("; format for format (BF16) they grew {}", times(ratio))
            });
            format!(" FLOP/s are those of {new} against {old}{same}.")
        }
        _ => String::new(),
    };
    (!parts.is_empty())
        .then(|| format!("From {} to {}: {}.{engines}", first.title, last.title, listed(&parts)))
}

/// Whether output grew like bandwidth or like arithmetic, where the two differ enough to tell.
fn followed(first: &WallRow, last: &WallRow) -> Option<String> {
    let output = libm::log(ratio(last.output_tok_s_per_gpu, first.output_tok_s_per_gpu)?);
    let bandwidth = libm::log(ratio(last.hbm_tb_s, first.hbm_tb_s)?);
    let flops = libm::log(ratio(last.dense_pflop_s, first.dense_pflop_s)?);
    if (flops - bandwidth).abs() < libm::log(1.2) {
        return None;
    }
    let nearer = if (output - bandwidth).abs() < (output - flops).abs() {
        "HBM bandwidth than that of FLOP/s"
    } else {
        "FLOP/s than that of HBM bandwidth"
    };
    Some(format!("The growth of output per GPU is nearer to that of {nearer}."))
}

/// `Decode time goes first of all to HBM bandwidth on 6 of 8 chips (62 % to 88 %) and to …`.
fn time_goes_to(what: &str, rows: &[&WallRow], shares: fn(&WallRow) -> Shares) -> Option<String> {
    let largest: Vec<(&WallRow, Bound, f64)> = rows
        .iter()
        .filter_map(|row| shares(row).largest().map(|(bound, share)| (*row, bound, share)))
        .collect();
    let mut groups: Vec<(usize, String)> =
        Bound::ALL.into_iter().filter_map(|bound| group(&largest, bound)).collect();
    // A stable sort keeps the order of reports among groups of one size.
    groups.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let parts: Vec<String> = groups.into_iter().map(|(_, text)| text).collect();
    (!parts.is_empty()).then(|| format!("{what} goes first of all {}.", listed(&parts)))
}

/// How many rows `bound` leads, and the words for it.
fn group(largest: &[(&WallRow, Bound, f64)], bound: Bound) -> Option<(usize, String)> {
    let led: Vec<_> = largest.iter().filter(|(_, leader, _)| *leader == bound).collect();
    let low = led.iter().map(|(_, _, share)| *share).reduce(f64::min)?;
    let high = led.iter().map(|(_, _, share)| *share).reduce(f64::max)?;
    let whom = match led.as_slice() {
        all if all.len() == largest.len() && all.len() > 1 => "every chip".to_owned(),
        [(row, _, _)] => row.title.clone(),
        some => format!("{} of {} chips", some.len(), largest.len()),
    };
    let range = if percent(low) == percent(high) {
        percent(low)
    } else {
        format!("{} to {}", percent(low), percent(high))
    };
    Some((led.len(), format!("to {} on {whom} ({range})", spoken_name(bound))))
}

fn best_per_megawatt(rows: &[&WallRow]) -> Option<String> {
    let known: Vec<(&WallRow, f64)> =
        rows.iter().filter_map(|row| Some((*row, row.tok_s_per_facility_mw?))).collect();
    let (base, first) = *known.first()?;
    let (best, most) =
        known.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    if known.len() < 2 {
        return None;
    }
    let against = if best.chip == base.chip {
        String::new()
    } else {
        format!(", {} against {}", times(most / first), base.title)
    };
    Some(format!(
        "A megawatt at the meter yields most on {}: {} output tokens/s{against}.",
        best.title,
        short(most)
    ))
}

fn left_out(document: &WallDocument) -> impl Iterator<Item = String> {
    document.rows.iter().filter(|row| !row.ran()).map(|row| match &row.reason {
        Some(reason) => format!("{} has no result: {reason}.", row.title),
        None => format!("{} has no result.", row.title),
    })
}

fn ratio(new: Option<f64>, old: Option<f64>) -> Option<f64> {
    match (new, old) {
        (Some(new), Some(old)) if new > 0.0 && old > 0.0 => Some(new / old),
        _ => None,
    }
}

fn times(ratio: f64) -> String {
    if (0.995..99.95).contains(&ratio) {
        format!("×{ratio:.1}")
    } else {
        format!("×{}", short(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;

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
