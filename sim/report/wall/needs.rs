//! What a chip would need to match another: names, table columns, a sentence.

use super::table::{Column, number, words};
use super::words::times;
use super::{WallDocument, WallRow};
use crate::report::text::{printable, wrap};

/// Keys of what there might be more of, and names.
const NAMES: [(&str, &str); 5] = [
    ("hbm_bandwidth", "HBM bandwidth"),
    ("hbm_capacity", "HBM capacity"),
    ("hbm_bandwidth_and_hbm_capacity", "HBM bandwidth and capacity"),
    ("compute", "FLOP/s"),
    ("hbm_bandwidth_and_hbm_capacity_and_compute", "HBM bandwidth, capacity and FLOP/s"),
];

/// The columns of the table, from left to right.
pub(in crate::report) const NEED_COLUMNS: [Column; 6] = [
    words("Times as much\nfor a match", 0, |row| wrap(&printable(&row.title), 20).join("\n")),
    number("HBM\nbandwidth", 0, |row| cell(row, 0)),
    number("HBM\ncapacity", 0, |row| cell(row, 1)),
    number("both\nof them", 0, |row| cell(row, 2)),
    number("FLOP/s\n", 0, |row| cell(row, 3)),
    number("all\nthree", 0, |row| cell(row, 4)),
];

/// Chips whose needs fit into a sentence.
const IN_WORDS: usize = 2;

/// `×6.0`, below it `2.5–31`; a dash if it would not do by itself; nothing for the chip itself.
fn cell(row: &WallRow, place: usize) -> String {
    let (key, _) = NAMES[place];
    let Some(factor) = row.needs.get(key) else { return String::new() };
    let Some(factor) = factor else { return "–".to_owned() };
    if does_already(row) {
        return "enough".to_owned();
    }
    let bare = |factor: f64| times(factor).replace('×', "");
    let band = row.need_bands.get(key).copied().unwrap_or_default();
    let range = match (band.low.map(bare), band.high.map(bare)) {
        (Some(low), Some(high)) if low != high => format!("\n{low}–{high}"),
        (Some(low), None) => format!("\nfrom {low}"),
        _ => String::new(),
    };
    format!("{}{range}", times(*factor))
}

/// What stands below the table; none if nobody asked.
pub(in crate::report) fn legend(document: &WallDocument) -> Option<String> {
    let goal = title(document)?;
    let is_asked = document.rows.iter().any(|row| !row.needs.is_empty());
    is_asked.then(|| {
        format!(
            "Matched: the output per GPU of {goal}, each chip at its best load; –: 32 times as \
             much would not do."
        )
    })
}

/// What the others would need to yield as much as the chip that was asked about.
pub(super) fn said(document: &WallDocument) -> Vec<String> {
    let is_short = |row: &&WallRow| !row.needs.is_empty() && !does_already(row);
    let asked: Vec<&WallRow> = document.rows.iter().filter(is_short).collect();
    let Some(goal) = title(document).filter(|_| !asked.is_empty()) else { return Vec::new() };
    let others = match asked.len().saturating_sub(IN_WORDS) {
        0 => String::new(),
        1 => "; one more stands in the table".to_owned(),
        others => format!("; {others} more stand in the table"),
    };
    let said: Vec<String> = asked.into_iter().take(IN_WORDS).map(needed_by).collect();
    vec![format!("To yield per GPU what {goal} does, {}{others}.", said.join("; "))]
}

/// Whether it yields as much as it is, in all likelihood: nothing more is needed at either end.
fn does_already(row: &WallRow) -> bool {
    let is_one = |factor: f64| factor <= 1.0;
    let needs_none = row.needs.values().all(|factor| factor.is_some_and(is_one));
    needs_none && row.need_bands.values().all(|band| band.high.is_some_and(is_one))
}

fn title(document: &WallDocument) -> Option<&str> {
    let goal = document.goal.as_ref()?;
    let row = document.rows.iter().find(|row| row.chip == *goal);
    Some(row.map_or(goal, |row| &row.title))
}

/// `B200 SXM would need ×6.0 HBM bandwidth and capacity, or …`.
fn needed_by(row: &WallRow) -> String {
    let reached = |&(key, name): &(&str, &str)| {
        let factor = (*row.needs.get(key)?)?;
        let band = row.need_bands.get(key).copied().unwrap_or_default().beside(times);
        Some(format!("{}{band} {name}", times(factor)))
    };
    let ways: Vec<String> = NAMES.iter().filter_map(reached).collect();
    if ways.is_empty() {
        return format!("{} has no way", row.title);
    }
    format!("{} would need {}", row.title, ways.join(", or "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;
    use crate::report::Band;

    fn row(needs: &[(&str, Option<f64>)]) -> WallRow {
        let needs = needs.iter().map(|&(key, factor)| (key.to_owned(), factor)).collect();
        WallRow { needs, ..WallRow::unknown("old", "Old", Class::Datasheet) }
    }

    #[test]
    fn cells_tell_a_factor_its_range_and_that_none_does() {
        let mut row = row(&[("hbm_bandwidth", Some(6.0)), ("hbm_capacity", None)]);
        let band = Band { low: Some(2.5), high: Some(31.0) };
        row.need_bands.insert("hbm_bandwidth".into(), band);
        assert_eq!(cell(&row, 0), "×6.0\n2.5–31.0");
        assert_eq!(cell(&row, 1), "–");
        assert_eq!(cell(&row, 3), "", "it was not asked");
    }

    #[test]
    fn a_long_ladder_is_left_to_the_table() {
        let mut document = WallDocument {
            goal: Some("new".into()),
            rows: vec![row(&[("compute", Some(2.0))])],
            ..WallDocument::default()
        };
        assert_eq!(
            said(&document),
            ["To yield per GPU what new does, Old would need ×2.0 FLOP/s."]
        );
        document.rows = vec![document.rows[0].clone(); 5];
        assert!(said(&document)[0].ends_with("; 3 more stand in the table."));
        let all = document.rows[0].needs.keys().cloned();
        document.rows[0].needs = all.map(|key| (key, Some(1.0))).collect();
        assert!(said(&document)[0].ends_with("; 2 more stand in the table."));
        assert_eq!(cell(&document.rows[0], 3), "enough");
        document.goal = None;
        assert!(said(&document).is_empty() && legend(&document).is_none());
    }
}
