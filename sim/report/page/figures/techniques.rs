//! What techniques gain, and what pairs of them do, one figure a chip.

use serde_json::{Value, json};

use super::{GREY, PALETTE, name_axis, plain};
use crate::report::{AblateDocument, ChipGains, Interaction, TechniqueGains, gained};

/// A gain and its relative error.
type Gain = (Option<f64>, Option<f64>);

/// The gains of a technique.
struct Series {
    name: &'static str,
    colour: &'static str,
    symbol: &'static str,
    /// How far below its name it stands.
    lane: f64,
    of: fn(&TechniqueGains) -> Gain,
    /// Of all techniques together.
    together: fn(&ChipGains) -> Gain,
}

const SERIES: [Series; 3] = [
    Series {
        name: "alone",
        colour: PALETTE[1],
        symbol: "circle",
        lane: -0.22,
        of: |row| (row.alone, row.alone_error),
        together: |chip| (chip.product_alone, None),
    },
    Series {
        name: "Shapley",
        colour: PALETTE[0],
        symbol: "diamond",
        lane: 0.0,
        of: |row| (row.shapley, row.shapley_error),
        together: |chip| (chip.joint, chip.joint_error),
    },
    Series {
        name: "last",
        colour: PALETTE[2],
        symbol: "square",
        lane: 0.22,
        of: |row| (row.last, row.last_error),
        together: |chip| (chip.product_last, None),
    },
];

/// Pairs that are drawn, the strongest first.
const PAIRS: usize = 15;

/// Pixels of a line of names, and of what is beside them.
const LINE: usize = 46;
const BESIDE: usize = 115;

/// One figure a chip; null without any.
pub(in crate::report::page) fn gains(document: &AblateDocument) -> Value {
    by_chip(document, |chip| {
        let rows: Vec<&TechniqueGains> = document.techniques_on(&chip.chip).collect();
        let values = SERIES.iter().flat_map(|series| places(&rows, chip, series));
        let ends: Vec<f64> = values.flat_map(|(_, gain, error)| ends(gain, error)).collect();
        (!ends.is_empty()).then(|| {
            let claims = rows.iter().filter_map(|row| row.claim).flatten();
            let mut names: Vec<String> = rows.iter().map(|row| plain(&row.name)).collect();
            names.push("<b>all together</b>".into());
            let axis =
                gain_axis("times the output tokens/s per GPU", ends.iter().copied().chain(claims));
            let mut data = vec![even(names.len())];
            data.extend(claimed(&rows));
            data.extend(SERIES.iter().map(|series| trace(&rows, chip, series)));
            layout(&data, &names, &axis)
        })
    })
}

/// One figure a chip; null without any.
pub(in crate::report::page) fn pairs(document: &AblateDocument) -> Value {
    by_chip(document, |chip| {
        let mut pairs = document.pairs_on(&chip.chip);
        pairs.truncate(PAIRS);
        let values = pairs.iter().flat_map(|pair| {
            let mean = ends(pair.mean.unwrap_or(1.0), pair.mean_error.unwrap_or(0.0));
            mean.into_iter().chain(pair.alone)
        });
        let axis = gain_axis("both over the product of each", values);
        let names: Vec<String> = pairs
            .iter()
            .map(|pair| format!("{}<br>with {}", plain(&pair.first), plain(&pair.second)))
            .collect();
        let mean = ("on average", PALETTE[0], "diamond", 0.12);
        let alone = ("among none of the others", PALETTE[1], "circle", -0.12);
        let data = [
            even(names.len()),
            of_pairs(&pairs, alone, |pair| (pair.alone, None)),
            of_pairs(&pairs, mean, |pair| (pair.mean, pair.mean_error)),
        ];
        (!pairs.is_empty()).then(|| layout(&data, &names, &axis))
    })
}

fn by_chip(document: &AblateDocument, figure: impl Fn(&ChipGains) -> Option<Value>) -> Value {
    let figures: Vec<Value> = document
        .chips
        .iter()
        .filter_map(|chip| {
            let figure = figure(chip)?;
            Some(json!({ "chip": chip.chip, "title": chip.title, "figure": figure }))
        })
        .collect();
    if figures.is_empty() { Value::Null } else { json!(figures) }
}

fn layout(data: &[Value], names: &[String], axis: &Value) -> Value {
    json!({
        "data": data,
        "layout": {
            "height": LINE * names.len() + BESIDE,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "meta": { "range": "one standard error" },
            "xaxis": axis,
            "yaxis": name_axis(names),
        },
    })
}

/// Where a gain of 1 is: nothing gained.
fn even(names: usize) -> Value {
    json!({
        "type": "scatter",
        "mode": "lines",
        "x": [1.0, 1.0],
        "y": [-0.5, names as f64 - 0.5],
        "line": { "color": GREY, "width": 1, "dash": "dash" },
        "showlegend": false,
        "hoverinfo": "skip",
    })
}

/// What others say that techniques gain alone, as bars behind.
fn claimed(rows: &[&TechniqueGains]) -> Option<Value> {
    let (mut x, mut y, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        let Some([low, high]) = row.claim else { continue };
        if !x.is_empty() {
            x.push(None);
            y.push(None);
            told.push(String::new());
        }
        let text = format!("<b>{}</b><br>said to gain {low}–{high}×", plain(&row.name));
        x.extend([Some(low), Some(high)]);
        y.extend([Some(place as f64 + SERIES[0].lane); 2]);
        told.extend([text.clone(), text]);
    }
    (!x.is_empty()).then(|| {
        json!({
            "type": "scatter",
            "mode": "lines",
            "name": "said to gain alone",
            "x": x,
            "y": y,
            "line": { "color": PALETTE[5], "width": 9 },
            "opacity": 0.55,
            "hovertext": told,
            "hoverinfo": "text",
        })
    })
}

/// The places, gains and errors of a series.
fn places(rows: &[&TechniqueGains], chip: &ChipGains, series: &Series) -> Vec<(f64, f64, f64)> {
    let gains = rows.iter().map(|row| (series.of)(row)).chain([(series.together)(chip)]);
    let known = gains.enumerate().filter_map(|(place, (gain, error))| {
        Some((place as f64 + series.lane, gain?, error.unwrap_or(0.0)))
    });
    known.collect()
}

fn trace(rows: &[&TechniqueGains], chip: &ChipGains, series: &Series) -> Value {
    let known = places(rows, chip, series);
    let hover = |&(place, gain, error): &(f64, f64, f64)| {
        let name = rows.get(place.round() as usize).map_or("all together", |row| &row.name);
        let error = (error > 0.0).then_some(error);
        format!("<b>{}</b><br>{}: {}", plain(name), series.name, gained(Some(gain), error))
    };
    let told: Vec<String> = known.iter().map(hover).collect();
    markers((series.name, series.colour, series.symbol), &known, &told)
}

fn of_pairs(
    pairs: &[&Interaction],
    (name, colour, symbol, lane): (&str, &str, &str, f64),
    of: fn(&Interaction) -> Gain,
) -> Value {
    let (mut known, mut told) = (Vec::new(), Vec::new());
    for (place, pair) in pairs.iter().enumerate() {
        let (Some(gain), error) = of(pair) else { continue };
        known.push((place as f64 + lane, gain, error.unwrap_or(0.0)));
        told.push(format!(
            "<b>{} with {}</b><br>{name}: {}",
            plain(&pair.first),
            plain(&pair.second),
            gained(Some(gain), error)
        ));
    }
    markers((name, colour, symbol), &known, &told)
}

fn markers(
    (name, colour, symbol): (&str, &str, &str),
    known: &[(f64, f64, f64)],
    told: &[String],
) -> Value {
    let reach = |&(_, gain, error): &(f64, f64, f64)| {
        let [low, high] = ends(gain, error);
        (gain - low, high - gain)
    };
    json!({
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": known.iter().map(|of| of.1).collect::<Vec<_>>(),
        "y": known.iter().map(|of| of.0).collect::<Vec<_>>(),
        "error_x": {
            "type": "data",
            "symmetric": false,
            "array": known.iter().map(|of| reach(of).1).collect::<Vec<_>>(),
            "arrayminus": known.iter().map(|of| reach(of).0).collect::<Vec<_>>(),
            "color": colour, "thickness": 1.5, "width": 0,
        },
        "hovertext": told,
        "hoverinfo": "text",
        "marker": { "color": colour, "symbol": symbol, "size": 10 },
    })
}

/// A gain with an error of itself as a logarithm, downward and upward.
fn ends(gain: f64, error: f64) -> [f64; 2] {
    [gain * libm::exp(-error), gain * libm::exp(error)]
}

/// A logarithmic axis of ratios around 1 that reaches all `values`.
fn gain_axis(title: &str, values: impl Iterator<Item = f64>) -> Value {
    // The first that have room stay.
    const TICKS: [f64; 20] = [
        2.0, 0.5, 5.0, 0.2, 10.0, 0.1, 1.5, 0.7, 3.0, 0.3, 30.0, 100.0, 0.01, 1.2, 0.85, 1.1, 0.9,
        1.05, 0.95, 1.02,
    ];
    let (low, high) =
        values.fold((0.9, 1.1), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    let room = 0.04 * libm::log10(high / low);
    let range = [libm::log10(low) - room, libm::log10(high) + room];
    // Names of neighbours need room.
    let mut ticks: Vec<f64> = vec![1.0];
    let apart = (range[1] - range[0]) / 12.0;
    for tick in TICKS {
        let at = libm::log10(tick);
        let is_free = |other: &f64| (at - libm::log10(*other)).abs() > apart;
        if (range[0]..=range[1]).contains(&at) && ticks.iter().all(is_free) {
            ticks.push(tick);
        }
    }
    ticks.sort_by(f64::total_cmp);
    json!({
        "type": "log",
        "title": { "text": title },
        "range": range,
        "ticktext": ticks.iter().map(|tick| format!("×{tick}")).collect::<Vec<_>>(),
        "tickvals": ticks,
        "automargin": true,
        "zeroline": false,
        "fixedrange": true,
    })
}
