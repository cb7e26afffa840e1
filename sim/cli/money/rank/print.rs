//! The tables of `memwall rank`.

use super::document::{Document, MixRow, Portability};
use crate::cli::terminal::{known, number};
use crate::cli::{CliError, Column, Shell, Table};
use crate::units::significant;

pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(format!(
        "A task of {} on each model and chip, cheapest first ({})",
        document.workload, document.basis
    ))?;
    shell.line("")?;
    shell.table(ranked(document))?;
    shell.line("")?;
    for unfit in &document.unfit {
        shell.sentence(format!("{} on {}: {}.", unfit.model, unfit.chip, unfit.reason))?;
    }
    findings(document).iter().try_for_each(|sentence| shell.sentence(sentence))
}

/// Models on chips, cheapest first.
pub(super) fn ranked(document: &Document) -> Table {
    let mut table = Table::new(&[
        Column::Name("model"),
        Column::Name("chip"),
        Column::Name("plan"),
        Column::Number("USD/task"),
        Column::Number("success"),
        Column::Number("GPU s"),
        Column::Number("answers, s"),
        Column::Number("tok/s/user"),
    ]);
    for row in &document.rows {
        table.row([
            row.model.clone(),
            row.chip.clone(),
            known(row.plan.as_ref()),
            number(row.usd_per_task),
            percent(row.success),
            number(row.gpu_s_per_attempt),
            number(row.answer_s_per_attempt),
            number(row.tok_s_per_user_p50),
        ]);
    }
    table
}

/// What the ranks mean, in sentences.
pub(super) fn findings(document: &Document) -> Vec<String> {
    let leaders = document.portability.iter().map(moves);
    leaders.chain(document.mixes.iter().map(tried_first)).collect()
}

/// What changes when the price leader does.
fn moves(leader: &Portability) -> String {
    let Portability { model, chip, .. } = leader;
    match (&leader.runner_up, leader.premium, leader.even_usd_per_gpu_hour) {
        (Some(next), Some(premium), _) if premium < SAME => {
            format!("{model} costs the same on {chip} and on {next}.")
        }
        (Some(next), Some(premium), Some(even)) => format!(
            "{model} is cheapest on {chip}; on {next} a task costs {} more. The two are even if \
             {chip} costs {} USD an hour.",
            percent(premium),
            significant(even, 3)
        ),
        _ => format!("{model} is cheapest on {chip}; no other chip has a price to compare."),
    }
}

fn tried_first(mix: &MixRow) -> String {
    let MixRow { first, then, .. } = mix;
    if mix.crossover <= 0.0 {
        return format!("{first} before {then} never pays.");
    }
    let against = if mix.against_alone.abs() < SAME {
        format!("as much as {then} alone")
    } else {
        let gain = if mix.against_alone < 0.0 { "less" } else { "more" };
        format!("{} {gain} than {then} alone", percent(mix.against_alone.abs()))
    };
    let usd = significant(mix.usd_per_task, 3);
    let share = percent(mix.escalated);
    let tried = if mix.escalated > 0.0 {
        format!(
            "{first} first and {then} for the {share} it hands on: {usd} USD a task, {against}."
        )
    } else {
        format!("{first} alone, which hands nothing on: {usd} USD a task, {against}.")
    };
    format!("{tried} It pays while fewer than {} are handed on.", percent(mix.crossover))
}

/// Prices closer than this are the same.
const SAME: f64 = 0.0005;

fn percent(share: f64) -> String {
    format!("{} %", significant(share * 100.0, 3))
}
