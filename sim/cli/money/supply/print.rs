//! The tables of `memwall supply`.

use super::document::{Document, MeasuredGain, Study};
use crate::cli::terminal::{known, number};
use crate::cli::{CliError, Column, Shell, Table};
use crate::planning::{Multiples, SupplyOutcome};
use crate::units::significant;

/// Columns of a bar that is as long as the largest year's.
const BAR: f64 = 36.0;

/// Prints the outcome.
pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(format!("{}: {}", document.scenario, document.description))?;
    shell.line("")?;
    shell.table(years(&document.outcome))?;
    shell.sentence(format!(
        "Multiples are of the installed fleet for inference against {}, from base to upside of \
         model efficiency. Packages in millions, training included; PB/s and EFLOP/s are what the \
         year adds.",
        document.reference
    ))?;
    shell.line("")?;
    shell.table(ceilings(&document.outcome))?;
    shell.line("")?;
    simulated(document, shell)?;
    chart(document, shell)?;
    crossings(document, shell)?;
    efficiency(document, shell)?;
    if !document.fitted.is_empty() {
        shell.line("")?;
        shell.sentence(format!(
            "Fitted, not published: {} figures ({}).",
            document.fitted.len(),
            summary(&document.fitted)
        ))?;
    }
    Ok(())
}

fn times(multiples: Multiples) -> String {
    let [base, upside] = [multiples.base, multiples.upside].map(|x| significant(x, 3));
    if base == upside { format!("{base}×") } else { format!("{base}–{upside}×") }
}

pub(super) fn years(outcome: &SupplyOutcome) -> Table {
    let mut table = Table::new(&[
        Column::Name("year"),
        Column::Number("GW"),
        Column::Number("for inference"),
        Column::Number("packages"),
        Column::Number("+PB/s"),
        Column::Number("+EFLOP/s"),
        Column::Number("bandwidth"),
        Column::Number("compute"),
        Column::Name("binds"),
    ]);
    for year in &outcome.years {
        table.row([
            year.year.to_string(),
            significant(year.gw_delivered, 3),
            format!("{} %", significant(year.inference_share * 100.0, 3)),
            significant(year.mpackages, 3),
            significant(year.cohort.bandwidth_eb_s * 1e3, 3),
            significant(year.cohort.compute_zflop_s * 1e3, 3),
            times(year.bandwidth_multiple),
            times(year.compute_multiple),
            year.binding.name().into(),
        ]);
    }
    table
}

pub(super) fn ceilings(outcome: &SupplyOutcome) -> Table {
    let mut table = Table::new(&[
        Column::Name("M packages by"),
        Column::Number("power"),
        Column::Number("CoWoS"),
        Column::Number("HBM"),
        Column::Number("compute in one format"),
        Column::Number("of the gap to bandwidth, format"),
    ]);
    for year in &outcome.years {
        let format = &year.number_format;
        table.row([
            year.year.to_string(),
            significant(year.ceilings.power_mpackages, 3),
            number(year.ceilings.cowos_mpackages),
            number(year.ceilings.hbm_mpackages),
            format!("{}×", significant(format.compute_multiple_one_format, 3)),
            known(format.format_share.map(|share| format!("{:.0} %", share * 100.0))),
        ]);
    }
    table
}

fn simulated(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    let (Some(workload), Some(model)) = (&document.workload, &document.model) else {
        return Ok(());
    };
    shell.table(in_tokens(&document.outcome))?;
    shell.sentence(format!(
        "Simulated: {model} on {workload}, every chip at its best within wall's service level; \
         hardware alone, without model efficiency."
    ))?;
    shell.line("")
}

/// What the fleet yields in simulated tokens and tasks.
pub(super) fn in_tokens(outcome: &SupplyOutcome) -> Table {
    let mut table = Table::new(&[
        Column::Name("year"),
        Column::Number("+G output tok/s"),
        Column::Number("+M tasks/h"),
        Column::Number("tokens"),
        Column::Number("tasks"),
        Column::Number("bandwidth"),
        Column::Number("compute"),
    ]);
    for year in &outcome.years {
        let multiple = |value: Option<f64>| known(value.map(|x| format!("{}×", significant(x, 3))));
        table.row([
            year.year.to_string(),
            number(year.cohort.gtok_s),
            number(year.cohort.mtasks_per_hour),
            multiple(year.token_multiple),
            multiple(year.task_multiple),
            multiple(Some(year.number_format.bandwidth_multiple)),
            multiple(Some(year.number_format.compute_multiple)),
        ]);
    }
    table
}

/// Supply and demand as bars, in logarithms: the years differ by orders of magnitude.
fn chart(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    let years = &document.outcome.years;
    let later = || years.iter().filter(|year| year.year >= document.reference);
    let largest = later().flat_map(|year| {
        year.demand.iter().map(|load| load.mid).chain([year.bandwidth_multiple.upside])
    });
    let largest = largest.fold(1.0, f64::max);
    shell.heading(format!("Demand against supply, times {} (logarithmic)", document.reference))?;
    for year in later() {
        let supply = year.bandwidth_multiple;
        let rows =
            [("supply, base".to_owned(), supply.base), ("supply, upside".into(), supply.upside)];
        let loads = year.demand.iter().map(|load| (load.name.clone(), load.mid));
        for (i, (name, value)) in rows.into_iter().chain(loads).enumerate() {
            let label = if i == 0 { year.year.to_string() } else { String::new() };
            let glyph = if i < 2 { "█" } else { "░" };
            let length = 1.0 + BAR * libm::log(value.max(1.0)) / libm::log(largest);
            shell.line(format!(
                "{label:>4}  {name:<28} {} {}×",
                glyph.repeat(length as usize),
                significant(value, 3)
            ))?;
        }
    }
    shell.line("")
}

fn crossings(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.table(passes(&document.outcome))
}

/// Where demand passes supply.
pub(super) fn passes(outcome: &SupplyOutcome) -> Table {
    let mut table = Table::new(&[
        Column::Name("demand"),
        Column::Number("a year"),
        Column::Number("passes base in"),
        Column::Number("passes upside in"),
        Column::Name("binds then"),
    ]);
    for crossing in &outcome.crossings {
        let [low, high] = crossing.per_year_range.map(|factor| significant(factor, 3));
        let range = if low == high { format!("{low}×") } else { format!("{low}–{high}×") };
        table.row([
            crossing.name.clone(),
            range,
            known(crossing.passes_base_in),
            known(crossing.passes_upside_in),
            known(crossing.binding.map(crate::planning::Binding::name)),
        ]);
    }
    table
}

fn efficiency(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.line("")?;
    shell.table(gains(document))?;
    gained(document).iter().try_for_each(|sentence| shell.sentence(sentence))
}

/// What techniques gain by the scenario, and by ablation.
pub(super) fn gains(document: &Document) -> Table {
    let mut table = Table::new(&[
        Column::Name("technique"),
        Column::Number("said to gain"),
        Column::Name("studied as"),
        Column::Number("alone"),
        Column::Number("last"),
        Column::Number("Shapley"),
        Column::Name("on"),
    ]);
    let times = |gain: Option<f64>| known(gain.map(|gain| format!("{}×", significant(gain, 3))));
    let studied = |study: &Study, gain: &MeasuredGain| {
        let place = format!("{}, {}", study.model, study.chip);
        vec![gain.name.clone(), times(gain.alone), times(gain.last), times(gain.shapley), place]
    };
    let all =
        || document.measured_gains.iter().flat_map(|s| s.techniques.iter().map(move |g| (s, g)));
    for claim in &document.claimed_gains {
        let own: Vec<_> =
            all().filter(|(_, gain)| gain.called.as_ref() == Some(&claim.name)).collect();
        let said = vec![claim.name.clone(), range(claim.range)];
        if own.is_empty() {
            table.row([said, vec![known(None::<String>); 5]].concat());
            continue;
        }
        for (study, gain) in own {
            table.row([said.clone(), studied(study, gain)].concat());
        }
    }
    let is_claimed = |gain: &MeasuredGain| {
        document.claimed_gains.iter().any(|claim| gain.called.as_ref() == Some(&claim.name))
    };
    for (study, gain) in all().filter(|(_, gain)| !is_claimed(gain)) {
        table.row([vec![known(None::<String>); 2], studied(study, gain)].concat());
    }
    table
}

fn range([low, high]: [f64; 2]) -> String {
    format!("{}–{}×", significant(low, 2), significant(high, 2))
}

/// What gains come to together, and where those that were measured are from.
pub(super) fn gained(document: &Document) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(gains) = document.outcome.efficiency_bottom_up {
        said.push(format!(
            "Model efficiency from below: techniques come to {} if each multiplies, to {} as they \
             are expected together; larger models take {}; left are {}.",
            range(gains.product),
            range(gains.together),
            range(gains.migration),
            range(gains.net)
        ));
    }
    for study in &document.measured_gains {
        let together = study.together.filter(|_| study.techniques.len() > 1);
        let together = together
            .map_or_else(String::new, |gain| format!(", together {}×", significant(gain, 3)));
        if let (Some(command), Some(version)) = (&study.command, &study.memwall) {
            said.push(format!("Measured{together} by memwall {version}: `{command}`."));
        } else if !together.is_empty() {
            said.push(format!("Measured on {}, {}{together}.", study.model, study.chip));
        }
    }
    said
}

/// Keys without their years, each once.
fn summary(keys: &[String]) -> String {
    let names = keys.iter().map(|key| key.split_once('.').map_or(key.as_str(), |(_, name)| name));
    let names: std::collections::BTreeSet<_> = names.collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
