//! A report as one HTML file that fetches nothing.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::document::{SPEED, SweepReport, figure, frontier};
use super::effects::Effect;
use super::print::{cell, title};
use super::results::{Row, text};
use crate::report::{PALETTE, footer, render_page as page_around, round6};

/// Points that a chart shows at most, so that pages stay small; the frontier is always whole.
const MOST_POINTS: usize = 4000;

const SYMBOLS: [&str; 6] = ["circle", "square", "diamond", "triangle-up", "cross", "star"];

/// The page, with a chart of the points `kept`.
pub(super) fn render_page(report: &SweepReport, kept: &[Row]) -> String {
    let heading = format!("{}: {} points", report.name, report.points);
    let body = html! {
        main {
            h1 { (heading) }
            (facts(report))
            p #trouble role="alert" hidden {}
            noscript { p { b { "The charts need JavaScript." } " The tables have the figures." } }
            (charts(report))
            h2 #best-heading { "The best " (report.best.len()) " by " (report.by) }
            (points(report, &report.best, "best-heading"))
            @if report.frontier.len() > 1 {
                h2 #frontier-table-heading { "What no other point beats in both" }
                (points(report, &report.frontier, "frontier-table-heading"))
            }
        }
        (footer(&report.memwall_version, report.schema))
    };
    page_around(&heading, &body, report, &figures(report, kept))
}

fn facts(report: &SweepReport) -> Markup {
    let ends = report.states.iter().map(|(state, count)| format!("{count} {state}"));
    let mut facts = vec![
        ("Points", ends.collect::<Vec<_>>().join(", ")),
        ("Axes", report.axes.iter().map(|axis| title(axis)).collect::<Vec<_>>().join(", ")),
        ("Seed", report.seed.to_string()),
        ("Spec", report.spec_hash.clone()),
    ];
    if !report.conditions.is_empty() {
        facts.push(("Where", format!("{}: {} left", report.conditions.join(" and "), report.kept)));
    }
    html! {
        dl { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
        @if !report.complete {
            section.warnings aria-label="Warnings" {
                p { b { "Warning: " } "the sweep is not complete; points are missing" }
            }
        }
        @if !report.reasons.is_empty() {
            h2 { "What cannot be" }
            ul { @for (reason, count) in &report.reasons { li { (count) " × " (reason) } } }
        }
    }
}

/// The places of the charts.
fn charts(report: &SweepReport) -> Markup {
    let place = |id: &str, heading: &str, caption: &str| {
        html! {
            section {
                h2 #{ (id) "-heading" } { (heading) }
                figure {
                    div.chart id=(id) role="img" aria-labelledby={ (id) "-heading" } {}
                    figcaption {
                        (caption) " "
                        button type="button" id={ (id) "-csv" } { "These numbers as CSV" }
                    }
                }
            }
        }
    };
    html! {
        (place(
            "points",
            "Speed per user against output per GPU",
            "Every point that was done; the line joins those that no other beats in both.",
        ))
        @for (number, effect) in report.effects.iter().enumerate() {
            (place(
                &format!("effect-{number}"),
                &format!("{} by {}", report.by, title(&effect.axis)),
                "Mean over the points of each value; whiskers from the least to the most.",
            ))
        }
    }
}

fn points(report: &SweepReport, rows: &[Row], heading: &str) -> Markup {
    let names = report.columns();
    html! {
        div.scroll role="region" aria-labelledby=(heading) tabindex="0" {
            table.results {
                thead { tr { @for name in &names { th scope="col" { (title(name)) } } } }
                tbody { @for row in rows { tr {
                    @for name in &names {
                        @let value = &row[*name];
                        td class=[value.is_number().then_some("number")] { (cell(value)) }
                    }
                } } }
            }
        }
    }
}

fn figures(report: &SweepReport, kept: &[Row]) -> Value {
    let effects = report.effects.iter().enumerate();
    let effects =
        effects.map(|(number, effect)| (format!("effect-{number}"), bars(effect, &report.by)));
    let all = std::iter::once(("points".to_owned(), scatter(report, kept))).chain(effects);
    Value::Object(all.collect())
}

/// The first axis of names; points take its colours.
fn coloured<'a>(report: &'a SweepReport, kept: &[Row]) -> Option<&'a str> {
    let is_named =
        |axis: &&String| kept.iter().any(|row| row.get(*axis).is_some_and(Value::is_string));
    report.axes.iter().find(is_named).map(String::as_str)
}

fn scatter(report: &SweepReport, kept: &[Row]) -> Value {
    let axis = coloured(report, kept);
    let name = |row: &Row| axis.and_then(|axis| row.get(axis)).map_or("points".into(), text);
    let step = kept.len().div_ceil(MOST_POINTS).max(1);
    let mut series: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in kept.iter().step_by(step) {
        let name = name(row);
        match series.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rows)) => rows.push(row),
            None => series.push((name, vec![row])),
        }
    }
    let front = frontier(kept);
    let mut traces = vec![trace(
        report,
        "not beaten in both",
        &front,
        &json!({ "mode": "lines", "line": { "color": "#8C8C8C", "width": 2 },
        }),
    )];
    traces.extend(series.iter().enumerate().map(|(place, (name, rows))| {
        let marker = json!({
            "color": PALETTE[place % PALETTE.len()],
            "symbol": SYMBOLS[place % SYMBOLS.len()],
            "size": 7, "opacity": 0.75,
        });
        trace(report, name, rows, &json!({ "mode": "markers", "marker": marker }))
    }));
    json!({
        "data": traces,
        "layout": {
            "height": 560,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 70 },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": { "title": { "text": "tokens/s per user" } },
            "yaxis": { "title": { "text": "output tokens/s per GPU" }, "rangemode": "tozero" },
        },
    })
}

fn trace(report: &SweepReport, name: &str, rows: &[&Row], look: &Value) -> Value {
    let column =
        |of: &str| -> Vec<_> { rows.iter().map(|row| figure(row, of).map(round6)).collect() };
    let hover = |row: &&Row| {
        let settings = report.axes.iter();
        let settings =
            settings.map(|axis| (title(axis), row.get(axis).map_or_else(String::new, text)));
        let lines = settings.map(|(name, value)| format!("{}: {}", plain(&name), plain(&value)));
        lines.collect::<Vec<_>>().join("<br>")
    };
    let mut trace = json!({
        "type": "scatter",
        "name": plain(name),
        "x": column(SPEED),
        "y": column("output_tok_s_per_gpu"),
        "hovertext": rows.iter().map(hover).collect::<Vec<_>>(),
        "hoverinfo": "text",
    });
    for (key, value) in look.as_object().into_iter().flatten() {
        trace[key] = value.clone();
    }
    trace
}

fn bars(effect: &Effect, by: &str) -> Value {
    let groups = &effect.groups;
    let column = |of: fn(&super::effects::Group) -> f64| groups.iter().map(of).collect::<Vec<_>>();
    let names: Vec<_> = groups.iter().map(|group| plain(&group.value)).collect();
    let hover: Vec<_> = groups
        .iter()
        .map(|group| format!("{}: {} of {} points", plain(&group.value), group.mean, group.points))
        .collect();
    json!({
        "data": [{
            "type": "bar",
            "name": plain(by),
            "x": names,
            "y": column(|group| group.mean),
            "error_y": {
                "type": "data", "symmetric": false,
                "array": column(|group| group.most - group.mean),
                "arrayminus": column(|group| group.mean - group.least),
            },
            "marker": { "color": PALETTE[1] },
            "hovertext": hover,
            "hoverinfo": "text",
        }],
        "layout": {
            "height": 380,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 70 },
            "xaxis": { "type": "category", "title": { "text": plain(&title(&effect.axis)) } },
            "yaxis": { "title": { "text": plain(by) }, "rangemode": "tozero" },
        },
    })
}

/// `text` as plotly.js shows it letter by letter: it would read tags otherwise.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
