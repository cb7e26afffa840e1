//! The page of `memwall supply`.

use super::document::Document;
use super::print::{ceilings, gained, gains, in_tokens, passes, years};
use crate::planning::YearOutcome;
use crate::report::{Line, Plot, Section, Sheet};
use crate::units::significant;

/// What `document` says, in charts and tables.
pub(super) fn sheet(document: &Document) -> Sheet {
    let mut sections = vec![multiples(document), against(document), limits(document)];
    sections.extend(document.workload.is_some().then(|| tokens(document)));
    sections.push(Section {
        id: "gains",
        heading: "Model efficiency from below".into(),
        says: gained(document),
        plot: None,
        table: Some(gains(document).for_page()),
    });
    Sheet {
        title: format!("Supply, scenario {}", document.scenario),
        schema: "memwall.supply/1",
        facts: vec![
            ("Scenario", document.description.clone()),
            ("Reference year", document.reference.to_string()),
            ("Fitted figures", document.fitted.len().to_string()),
        ],
        warnings: document.warnings.clone(),
        sections,
    }
}

/// A line over the years from the reference on, of what `of` finds.
fn line(
    document: &Document,
    name: impl Into<String>,
    of: impl Fn(&YearOutcome) -> Option<f64>,
) -> Line {
    let years = document.outcome.years.iter().filter(|year| year.year >= document.reference);
    let points = years.filter_map(|year| Some((f64::from(year.year), of(year)?)));
    Line { name: name.into(), points: points.collect() }
}

fn over_years(document: &Document, lines: Vec<Line>) -> Plot {
    let y = format!("multiple of {}", document.reference);
    Plot::Lines { x: "end of year".into(), y, is_log: true, lines }
}

fn multiples(document: &Document) -> Section {
    let lines = vec![
        line(document, "HBM bandwidth, base", |year| Some(year.bandwidth_multiple.base)),
        line(document, "HBM bandwidth, upside", |year| Some(year.bandwidth_multiple.upside)),
        line(document, "compute, base", |year| Some(year.compute_multiple.base)),
        line(document, "compute, upside", |year| Some(year.compute_multiple.upside)),
    ];
    let says = document.outcome.years.last().map(|year| {
        let format = &year.number_format;
        let counted = format.format_share.map_or_else(String::new, |share| {
            format!(" {:.0} % of the gap between them is number format.", share * 100.0)
        });
        format!(
            "By the end of {} bandwidth for inference is {} to {} times that of {}, compute {} to \
             {} times.{counted}",
            year.year,
            significant(year.bandwidth_multiple.base, 3),
            significant(year.bandwidth_multiple.upside, 3),
            document.reference,
            significant(year.compute_multiple.base, 3),
            significant(year.compute_multiple.upside, 3),
        )
    });
    let caption = "The installed fleet for inference, times model efficiency in its base and its \
                   upside scenario.";
    Section {
        id: "multiples",
        heading: "The fleet against its reference year".into(),
        says: says.into_iter().collect(),
        plot: Some((over_years(document, lines), caption.into())),
        table: Some(years(&document.outcome).for_page()),
    }
}

fn against(document: &Document) -> Section {
    let mut lines = vec![
        line(document, "supply, base", |year| Some(year.bandwidth_multiple.base)),
        line(document, "supply, upside", |year| Some(year.bandwidth_multiple.upside)),
    ];
    let names = document.outcome.years.last().map(|year| &year.demand);
    for (place, load) in names.into_iter().flatten().enumerate() {
        let of = |year: &YearOutcome| year.demand.get(place).map(|load| load.mid);
        lines.push(line(document, format!("demand: {}", load.name), of));
    }
    let says = document.outcome.crossings.iter().filter_map(|crossing| {
        let year = crossing.passes_base_in?;
        let binds = crossing.binding.map_or("nothing", |binding| binding.name());
        Some(format!("{} passes the base supply in {year}; {binds} binds then.", crossing.name))
    });
    let caption = "Supply is HBM bandwidth times model efficiency. Indicators go on at their own \
                   rates, which none of them keeps for long.";
    Section {
        id: "demand",
        heading: "Demand against supply".into(),
        says: says.collect(),
        plot: Some((over_years(document, lines), caption.into())),
        table: Some(passes(&document.outcome).for_page()),
    }
}

fn limits(document: &Document) -> Section {
    let lines = vec![
        line(document, "power", |year| Some(year.ceilings.power_mpackages)),
        line(document, "CoWoS", |year| year.ceilings.cowos_mpackages),
        line(document, "HBM", |year| year.ceilings.hbm_mpackages),
    ];
    let y = "million packages a year".into();
    let plot = Plot::Lines { x: "year".into(), y, is_log: true, lines };
    let caption = "The least of the three is what the year adds.";
    let binds = document.outcome.years.iter().map(|year| (year.year, year.binding.name()));
    let binds: Vec<_> = binds.map(|(year, name)| format!("{year}: {name}")).collect();
    Section {
        id: "limits",
        heading: "What limits each year".into(),
        says: vec![format!("{}.", binds.join(", "))],
        plot: Some((plot, caption.into())),
        table: Some(ceilings(&document.outcome).for_page()),
    }
}

fn tokens(document: &Document) -> Section {
    let lines = vec![
        line(document, "output tokens", |year| year.token_multiple),
        line(document, "tasks", |year| year.task_multiple),
        line(document, "HBM bandwidth", |year| Some(year.number_format.bandwidth_multiple)),
        line(document, "compute", |year| Some(year.number_format.compute_multiple)),
    ];
    let caption = "Every chip at its best within the service level of `wall`; hardware alone, \
                   without model efficiency.";
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    Section {
        id: "tokens",
        heading: format!(
            "In simulated tokens and tasks: {} on {}",
            known(&document.model),
            known(&document.workload)
        ),
        says: Vec::new(),
        plot: Some((over_years(document, lines), caption.into())),
        table: Some(in_tokens(&document.outcome).for_page()),
    }
}
