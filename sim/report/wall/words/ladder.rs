//! What the ladder's own charts say.

use super::super::{WallDocument, WallRow, levers as lever_list};
use crate::cost::Bound;
use crate::report::Shares;
use crate::report::shares::spoken_name;
use crate::report::text::{listed, percent, short};

/// The first and the last chip of the ladder that ran, if they are two.
pub(in crate::report) fn comparison(document: &WallDocument) -> Option<(&WallRow, &WallRow)> {
    let first = document.rows.iter().find(|row| row.ran())?;
    let last = document.rows.iter().rfind(|row| row.ran())?;
    (first.chip != last.chip).then_some((first, last))
}

/// One figure of a row.
type Figure = fn(&WallRow) -> Option<f64>;

/// What grew from the first chip to the last, and which of it output followed.
pub(in crate::report) fn growth(document: &WallDocument) -> Vec<String> {
    let Some((first, last)) = comparison(document) else { return Vec::new() };
    grown(first, last).into_iter().chain(followed(first, last)).collect()
}

fn grown(first: &WallRow, last: &WallRow) -> Option<String> {
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
    (!parts.is_empty())
        .then(|| format!("From {} to {}: {}.", first.title, last.title, listed(&parts)))
}

/// How much of the growth in FLOP/s is narrower numbers; nothing if the engine stayed the same.
pub(in crate::report) fn formats(document: &WallDocument) -> Vec<String> {
    let said = || {
        let (first, last) = comparison(document)?;
        let (old, new) = (first.matrix_engine.as_ref()?, last.matrix_engine.as_ref()?);
        let all = ratio(last.dense_pflop_s, first.dense_pflop_s)?;
        let silicon = ratio(last.bf16_pflop_s, first.bf16_pflop_s)?;
        (old != new).then(|| {
            format!(
                "Of the {} in dense FLOP/s {} is silicon (BF16 against BF16) and {} narrower \
                 numbers ({new} against {old}).",
                times(all),
                times(silicon),
                times(all / silicon)
            )
        })
    };
    said().into_iter().collect()
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

/// What takes most of the time, of decode and of the whole task.
pub(in crate::report) fn time(document: &WallDocument) -> Vec<String> {
    let ran: Vec<&WallRow> = document.rows.iter().filter(|row| row.ran()).collect();
    let decode = time_goes_to("Decode time", &ran, |row| row.decode_bound);
    let whole = "The whole task's time, prefill included,";
    decode.into_iter().chain(time_goes_to(whole, &ran, |row| row.time_share)).collect()
}

/// What more of each resource buys at both ends of the ladder.
pub(in crate::report) fn levers(document: &WallDocument) -> Vec<String> {
    let ran: Vec<&WallRow> = document.rows.iter().filter(|row| row.ran()).collect();
    let ends = [ran.first(), ran.last().filter(|_| ran.len() > 1)];
    ends.into_iter().flatten().filter_map(|row| lever_list::said(row)).collect()
}

/// Which chip yields most per megawatt.
pub(in crate::report) fn megawatt(document: &WallDocument) -> Vec<String> {
    let ran: Vec<&WallRow> = document.rows.iter().filter(|row| row.ran()).collect();
    best_per_megawatt(&ran).into_iter().collect()
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

pub(super) fn ratio(new: Option<f64>, old: Option<f64>) -> Option<f64> {
    match (new, old) {
        (Some(new), Some(old)) if new > 0.0 && old > 0.0 => Some(new / old),
        _ => None,
    }
}

pub(in crate::report::wall) fn times(ratio: f64) -> String {
    if (0.995..99.95).contains(&ratio) {
        format!("×{ratio:.1}")
    } else {
        format!("×{}", short(ratio))
    }
}
