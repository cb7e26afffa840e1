//! What `validate` prints: errors, floors, and what was skipped.

use std::collections::BTreeMap;

use super::validate::Answer;
use crate::cli::terminal::counted;
use crate::cli::{CliError, Column, Shell, Table};
use crate::fidelity::{Floor, Group, Point};

/// Errors by figure and group.
pub(super) fn print_scores(groups: &[Group], shell: &mut Shell) -> Result<(), CliError> {
    let mut table = Table::new(&[
        Column::Name("metric"),
        Column::Name("by"),
        Column::Name("group"),
        Column::Number("points"),
        Column::Number("median %"),
        Column::Number("p90 %"),
        Column::Number("bias %"),
        Column::Number("in band %"),
    ]);
    for group in groups {
        table.row([
            group.metric.into(),
            group.by.into(),
            group.group.clone(),
            group.n.to_string(),
            per_cent(group.median),
            per_cent(group.p90),
            format!("{:+.1}", group.bias * 100.0),
            format!("{:.0}", group.coverage * 100.0),
        ]);
    }
    shell.table(table)
}

/// What no model can beat that is told no more.
pub(super) fn print_floors(floors: &[Floor], shell: &mut Shell) -> Result<(), CliError> {
    if floors.is_empty() {
        return shell.line("\nNo two points are told apart by their measurements alone: no floor");
    }
    shell.line("\nThe floor: twins, which memwall cannot tell apart, against their mean")?;
    let mut table = Table::new(&[
        Column::Name("metric"),
        Column::Name("twins differ in"),
        Column::Name("engine"),
        Column::Number("twins"),
        Column::Number("median %"),
        Column::Number("p90 %"),
    ]);
    for floor in floors {
        table.row([
            floor.metric.into(),
            floor.twins.name().into(),
            floor.engine.clone(),
            floor.n.to_string(),
            per_cent(floor.median),
            per_cent(floor.p90),
        ]);
    }
    shell.table(table)
}

/// How many points were skipped, by reason, the commonest first, and the first row of each.
pub(super) fn print_skipped(
    points: &[Point],
    answers: &[Answer],
    shell: &mut Shell,
) -> Result<(), CliError> {
    let mut reasons: BTreeMap<&str, (usize, &Point)> = BTreeMap::new();
    for (point, answer) in points.iter().zip(answers) {
        let Err(reason) = answer else { continue };
        reasons.entry(reason).or_insert((0, point)).0 += 1;
    }
    let total: usize = reasons.values().map(|(count, _)| count).sum();
    if total == 0 {
        return Ok(());
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|&(reason, (count, _))| (std::cmp::Reverse(count), reason));
    shell.line(format!("\n{} skipped:", counted(total, "point")))?;
    for (reason, (count, Point { file, row, .. })) in reasons {
        shell.line(format!("  {count:>5}  {reason} (first: {file}, row {row})"))?;
    }
    Ok(())
}

fn per_cent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}
