//! Where the seconds of a call go as the context grows, one figure a chip.

use serde_json::{Value, json};

use super::life::{colour, ink_on};
use super::{heading, name_axis, plain};
use crate::insight::{Use, Uses};
use crate::report::text::short;
use crate::report::wall::use_name;
use crate::report::{Life, LifeStage, WallRow};

/// What a panel shows, its axis, and seconds of a task.
type Panel = (&'static str, &'static str, fn(&LifeStage) -> Uses);

const PANELS: [Panel; 2] = [
    ("Waiting and prefill", "x", |stage| waited(&stage.before_s.0, &stage.prefill_s.0)),
    ("Decode", "x2", |stage| stage.decode_s.0),
];

/// Pixels of a stage, and of what is beside them all.
const LINE: usize = 34;
const BESIDE: usize = 165;

/// One figure a chip whose life was looked at, all on the same axes; null without any.
pub(in crate::report::page::figures) fn figures(rows: &[WallRow]) -> Value {
    let known: Vec<(&WallRow, &Life)> =
        rows.iter().filter_map(|row| Some((row, row.life.as_ref()?))).collect();
    let longest = PANELS.map(|(_, _, of)| {
        let stages = known.iter().flat_map(|(_, life)| stages(life));
        stages.map(|stage| of(stage).total() / stage.calls_per_task).fold(0.0, f64::max)
    });
    let figures: Vec<Value> = known
        .iter()
        .map(|(row, life)| {
            json!({ "chip": row.chip, "title": row.title, "figure": figure(life, longest) })
        })
        .collect();
    if figures.is_empty() { Value::Null } else { json!(figures) }
}

/// Stages with calls to divide seconds by.
fn stages(life: &Life) -> impl Iterator<Item = &LifeStage> {
    life.by_context.iter().filter(|stage| stage.calls_per_task > 0.0)
}

/// What a call waits for, host and room, and its prefill.
fn waited(before: &Uses, prefill: &Uses) -> Uses {
    let idle = [Use::Tool, Use::Human];
    let waits = Use::ALL.into_iter().filter(|what| !idle.contains(what));
    waits.fold(*prefill, |sum, what| sum.plus(what, before.get(what)))
}

fn figure(life: &Life, longest: [f64; 2]) -> Value {
    let stages: Vec<&LifeStage> = stages(life).collect();
    let names: Vec<String> = stages.iter().map(|stage| name(stage)).collect();
    let traces: Vec<Value> = PANELS
        .iter()
        .enumerate()
        .flat_map(|(place, panel)| {
            let stages = &stages;
            Use::ALL.into_iter().filter_map(move |what| trace(stages, (place, panel), what))
        })
        .collect();
    json!({
        "data": traces,
        "layout": {
            "height": LINE * names.len() + BESIDE,
            "barmode": "stack",
            "bargap": 0.25,
            "showlegend": true,
            "legend": {
                "orientation": "h", "traceorder": "normal",
                "y": 1.12, "yanchor": "bottom", "x": 0,
            },
            "margin": { "t": 35, "r": 20, "b": 55, "l": 20 },
            "xaxis": axis([0.0, 0.47], longest[0]),
            "xaxis2": axis([0.53, 1.0], longest[1]),
            "yaxis": name_axis(&names),
            "annotations": [heading(PANELS[0].0, 0.0), heading(PANELS[1].0, 0.53)],
        },
    })
}

/// `8–16 k`, of tokens.
fn name(stage: &LifeStage) -> String {
    let thousands = |tokens: u32| tokens / 1000;
    match (stage.context_tokens_from, stage.context_tokens_to) {
        (0, Some(to)) => format!("under {} k", thousands(to)),
        (from, Some(to)) => format!("{}–{} k", thousands(from), thousands(to)),
        (from, None) => format!("{} k and more", thousands(from)),
    }
}

fn axis(domain: [f64; 2], longest: f64) -> Value {
    json!({
        "domain": domain,
        "range": [0.0, if longest > 0.0 { longest * 1.04 } else { 1.0 }],
        "title": { "text": "seconds of a call" },
        "fixedrange": true,
    })
}

fn trace(
    stages: &[&LifeStage],
    (place, &(panel, axis, of)): (usize, &Panel),
    what: Use,
) -> Option<Value> {
    let seconds: Vec<f64> =
        stages.iter().map(|stage| of(stage).get(what) / stage.calls_per_task).collect();
    let anywhere = |stage: &&LifeStage| PANELS.iter().any(|(.., of)| of(stage).get(what) > 0.0);
    if !stages.iter().any(anywhere) {
        return None;
    }
    let hover = stages.iter().zip(&seconds).map(|(stage, seconds)| {
        let (name, panel) = (plain(&name(stage)), panel.to_lowercase());
        format!("<b>{name} tokens</b>, {panel}<br>{}: {} s", use_name(what), short(*seconds))
    });
    Some(json!({
        "type": "bar",
        "orientation": "h",
        "xaxis": axis,
        "name": use_name(what),
        "meta": format!("{panel}: {}", use_name(what)),
        "legendgroup": use_name(what),
        "showlegend": place == 0,
        "x": seconds,
        "y": (0..stages.len()).collect::<Vec<_>>(),
        "hovertext": hover.collect::<Vec<_>>(),
        "hoverinfo": "text",
        "marker": { "color": colour(what) },
        "insidetextfont": { "color": ink_on(what) },
    }))
}
