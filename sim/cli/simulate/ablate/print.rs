//! The tables of `memwall ablate`.

use super::words;
use crate::cli::terminal::known;
use crate::cli::{CliError, Column, Shell, Table};
use crate::report::{AblateDocument, ChipGains, TechniqueGains, gained, spoken, wrap};

/// Lines are no longer.
const WIDTH: usize = 100;

/// Pairs that are shown, the strongest first.
const PAIRS: usize = 6;

/// Prints the document.
pub(in crate::cli::simulate) fn print_gains(
    document: &AblateDocument,
    shell: &mut Shell,
) -> Result<(), CliError> {
    for (i, chip) in document.chips.iter().enumerate() {
        if i > 0 {
            shell.line("")?;
        }
        print_chip(document, chip, shell)?;
    }
    if !document.assumptions.is_empty() {
        shell.line("")?;
        shell.heading("Taken for granted")?;
        for line in &document.assumptions {
            lines(&format!("{line}."), shell)?;
        }
    }
    Ok(())
}

fn print_chip(
    document: &AblateDocument,
    chip: &ChipGains,
    shell: &mut Shell,
) -> Result<(), CliError> {
    let techniques: Vec<_> = document.techniques_on(&chip.chip).collect();
    shell.heading(format!("{} on {}, {}", document.model, document.workload, chip.title))?;
    lines(&measured(document), shell)?;
    shell.line("")?;
    shell.table(table(&techniques, chip))?;
    shell.line("")?;
    let [together, of_pairs, claimed] = spoken(document, chip);
    lines(&together.join(" "), shell)?;
    if document.pairs_on(&chip.chip).iter().any(|pair| pair.stands_out()) {
        pairs(document, chip, shell)?;
    } else {
        lines(&of_pairs.join(" "), shell)?;
    }
    lines(&claimed.join(" "), shell)?;
    shell.line("")?;
    shell.heading("With each, and without")?;
    for row in &techniques {
        let what_if = if row.class == "what-if" { " (a what-if)" } else { "" };
        lines(&format!("{}: {}; {}{what_if}.", row.name, row.with, row.without), shell)?;
        if let Some(reason) = &row.reason {
            lines(&format!("{}: not all is known: {reason}.", row.name), shell)?;
        }
    }
    for row in document.left_out.iter().filter(|row| row.chip == chip.chip) {
        lines(&format!("{}: left out: {}.", row.name, row.reason), shell)?;
    }
    Ok(())
}

fn lines(text: &str, shell: &mut Shell) -> Result<(), CliError> {
    let width = shell.width().min(WIDTH);
    wrap(text, width).into_iter().try_for_each(|line| shell.line(line))
}

fn measured(document: &AblateDocument) -> String {
    let last = document.seed + u64::from(document.repeats) - 1;
    let seeds = if document.repeats == 1 {
        format!("seed {last}; no errors with one repeat")
    } else {
        format!("seeds {} to {last}; ± is a standard error", document.seed)
    };
    format!(
        "Gains in {}; {} time model, {} engine, {seeds}.",
        words::measure(document.concurrency, &document.slo),
        document.cost,
        document.engine_profile
    )
}

fn table(techniques: &[&TechniqueGains], chip: &ChipGains) -> Table {
    let mut table = Table::new(&[
        Column::Name("technique"),
        Column::Number("alone"),
        Column::Number("last"),
        Column::Number("Shapley"),
        Column::Name("said to gain"),
    ]);
    for row in techniques {
        let claim = row.claim.map(|[low, high]| {
            let verdict = match (row.claim_holds, row.alone) {
                (Some(true), _) => "so it does",
                (_, Some(alone)) if alone < low => "it gains less",
                (_, Some(_)) => "it gains more",
                (_, None) => "not known",
            };
            format!("{low}–{high}×: {verdict}")
        });
        table.row([
            row.name.clone(),
            gained(row.alone, row.alone_error),
            gained(row.last, row.last_error),
            gained(row.shapley, row.shapley_error),
            known(claim),
        ]);
    }
    table.row([
        "multiplied".into(),
        gained(chip.product_alone, None),
        gained(chip.product_last, None),
        gained(chip.joint, chip.joint_error),
        known(None::<String>),
    ]);
    table
}

fn pairs(document: &AblateDocument, chip: &ChipGains, shell: &mut Shell) -> Result<(), CliError> {
    let mut pairs = document.pairs_on(&chip.chip);
    pairs.retain(|pair| pair.stands_out());
    let mut table = Table::new(&[
        Column::Name("pair: both over the product of each"),
        Column::Number("alone"),
        Column::Number("on average"),
    ]);
    for pair in pairs.iter().take(PAIRS) {
        table.row([
            format!("{} with {}", pair.first, pair.second),
            gained(pair.alone, None),
            gained(pair.mean, pair.mean_error),
        ]);
    }
    shell.line("")?;
    shell.table(table)?;
    shell.line("")
}
