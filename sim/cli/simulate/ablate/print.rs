//! The tables of `memwall ablate`.

use super::document::{ChipGains, Document, Interaction, TechniqueGains};
use super::words;
use crate::cli::terminal::{known, number};
use crate::cli::{CliError, Column, Shell, Table};
use crate::report::wrap;
use crate::units::significant;

/// Lines are no longer.
const WIDTH: usize = 100;

/// Pairs that are shown, the strongest first.
const PAIRS: usize = 6;

/// Products that are off by less are about right.
const MULTIPLIES: f64 = 1.1;

/// A pair this near to 1 is as good as none.
const NO_PAIR: f64 = 0.02;

/// Prints the document.
pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
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

fn print_chip(document: &Document, chip: &ChipGains, shell: &mut Shell) -> Result<(), CliError> {
    let own = |techniques: &'_ TechniqueGains| techniques.chip == chip.chip;
    let techniques: Vec<_> = document.techniques.iter().filter(|row| own(row)).collect();
    shell.heading(format!("{} on {}, {}", document.model, document.workload, chip.title))?;
    lines(&measured(document), shell)?;
    shell.line("")?;
    shell.table(table(&techniques, chip))?;
    shell.line("")?;
    lines(&together(chip), shell)?;
    pairs(document, chip, shell)?;
    lines(&claimed(chip), shell)?;
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

fn measured(document: &Document) -> String {
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
            gain(row.alone, row.alone_error),
            gain(row.last, row.last_error),
            gain(row.shapley, row.shapley_error),
            known(claim),
        ]);
    }
    table.row([
        "multiplied".into(),
        gain(chip.product_alone, None),
        gain(chip.product_last, None),
        gain(chip.joint, chip.joint_error),
        known(None::<String>),
    ]);
    table
}

/// `1.43× ±2 %`.
fn gain(ratio: Option<f64>, error: Option<f64>) -> String {
    let error = error.map_or(String::new(), |error| {
        let percent = significant(error * 100.0, 1);
        format!(" ±{percent} %")
    });
    ratio
        .map_or_else(|| known(None::<String>), |ratio| format!("{}×{error}", significant(ratio, 3)))
}

fn together(chip: &ChipGains) -> String {
    let Some(joint) = chip.joint else {
        return format!("No gains: {}.", chip.reason.as_deref().unwrap_or("nothing runs"));
    };
    let mut said = vec![format!(
        "Together they take {} output tokens/s per GPU to {}: {}.",
        number(chip.none_output_tok_s_per_gpu),
        number(chip.all_output_tok_s_per_gpu),
        gain(Some(joint), chip.joint_error),
    )];
    if let Some(best) = chip.best_output_tok_s_per_gpu {
        let names = chip.best_with.join(", ");
        let with = if names.is_empty() { "none of them" } else { &names };
        said.push(format!("Best are {} with {with}.", significant(best, 3)));
    }
    for (names, what) in [
        (&chip.needed, "Nothing runs without, so that on throughout are:"),
        (&chip.hopeless, "Nothing runs with, so that off throughout are:"),
    ] {
        if !names.is_empty() {
            said.push(format!("{what} {}.", names.join(", ")));
        }
    }
    if let Some(alone) = chip.product_alone {
        let verdict = match joint / alone {
            ratio if ratio < 1.0 / MULTIPLIES => "they overlap: what one gains, another cannot",
            ratio if ratio > MULTIPLIES => "they help one another",
            _ => "they multiply, about",
        };
        said.push(format!(
            "Were each worth what it is alone, they would come to {}×: {verdict}.",
            significant(alone, 3)
        ));
    }
    said.join(" ")
}

fn pairs(document: &Document, chip: &ChipGains, shell: &mut Shell) -> Result<(), CliError> {
    let strength = |pair: &Interaction| pair.mean.map_or(0.0, |mean| libm::log(mean).abs());
    let mut pairs: Vec<&Interaction> =
        document.interactions.iter().filter(|pair| pair.chip == chip.chip).collect();
    pairs.retain(|pair| strength(pair) > NO_PAIR.max(2.0 * pair.mean_error.unwrap_or(0.0)));
    pairs.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    if pairs.is_empty() {
        return lines("No pair of them gains more or less than the product of both.", shell);
    }
    let mut table = Table::new(&[
        Column::Name("pair: both over the product of each"),
        Column::Number("alone"),
        Column::Number("on average"),
    ]);
    for pair in pairs.iter().take(PAIRS) {
        table.row([
            format!("{} with {}", pair.first, pair.second),
            gain(pair.alone, None),
            gain(pair.mean, pair.mean_error),
        ]);
    }
    shell.line("")?;
    shell.table(table)?;
    shell.line("")
}

fn claimed(chip: &ChipGains) -> String {
    let claims = &chip.claims;
    let [low, high] = claims.together;
    let Some(found) = claims.found else {
        return format!(
            "The claim of {low}–{high}× together ({}) is of several techniques; fewer than two of \
             them are studied here.",
            claims.source
        );
    };
    let verdict = match claims.holds {
        Some(true) => "which holds here",
        _ if found < low => "which is more than they gain here",
        _ => "which is less than they gain here",
    };
    format!(
        "Of {} the memo {} says {low}–{high}× together, {verdict}: {}, all else being on. {} of {} \
         gain alone what it says of each.",
        claims.techniques.join(", "),
        claims.source,
        gain(Some(found), claims.found_error),
        claims.holding,
        claims.techniques.len()
    )
}
