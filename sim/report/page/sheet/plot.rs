//! Charts of a sheet.

use serde_json::{Value, json};

use crate::report::page::figures::{PALETTE, line_look, log_axis, name_axis, plain};
use crate::report::text::short;

/// A chart.
#[derive(Clone, Debug)]
pub enum Plot {
    /// Values over a number, a line each.
    Lines {
        /// What runs along the horizontal axis.
        x: String,
        /// What the values are.
        y: String,
        /// Whether they differ by orders of magnitude.
        is_log: bool,
        /// The lines.
        lines: Vec<Line>,
    },
    /// A value each, with whiskers where it has a range.
    Bars {
        /// What the values are.
        x: String,
        /// The bars, first on top.
        bars: Vec<Bar>,
    },
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its points, in order.
    pub points: Vec<(f64, f64)>,
}

/// A bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// How long it is.
    pub value: f64,
    /// From where to where the value may lie.
    pub range: Option<(f64, f64)>,
    /// Bars of a kind have a colour.
    pub kind: String,
}

/// Pixels of a bar, and of what is beside them.
const BAR: usize = 34;
const BESIDE: usize = 90;
/// Pixels of a chart of lines.
const LINES: usize = 380;

impl Plot {
    /// As plotly.js draws it.
    pub(super) fn figure(&self) -> Value {
        match self {
            Self::Lines { x, y, is_log, lines } => of_lines((x, y), *is_log, lines),
            Self::Bars { x, bars } => of_bars(x, bars),
        }
    }
}

fn of_lines((x, y): (&str, &str), is_log: bool, lines: &[Line]) -> Value {
    let values = lines.iter().flat_map(|line| line.points.iter().map(|&(_, value)| value));
    let vertical = if is_log {
        log_axis(y, values)
    } else {
        json!({ "title": { "text": y }, "rangemode": "tozero", "automargin": true })
    };
    json!({
        "data": lines.iter().enumerate().map(|(i, line)| trace(i, line)).collect::<Vec<_>>(),
        "layout": {
            "height": LINES + 22 * lines.len(),
            "margin": { "t": 10, "r": 20, "b": 55, "l": 60 },
            "legend": { "orientation": "h", "x": 0, "y": -0.2, "yanchor": "top" },
            "xaxis": { "title": { "text": x }, "tickformat": "d", "automargin": true },
            "yaxis": vertical,
        },
    })
}

fn trace(place: usize, line: &Line) -> Value {
    let (colour, dash) = line_look(place);
    let told = line.points.iter().map(|&(x, value)| {
        format!("<b>{}</b><br>{}: {}", plain(&line.name), short(x), short(value))
    });
    json!({
        "type": "scatter",
        "mode": "lines+markers",
        "name": plain(&line.name),
        "x": line.points.iter().map(|point| point.0).collect::<Vec<_>>(),
        "y": line.points.iter().map(|point| point.1).collect::<Vec<_>>(),
        "hovertext": told.collect::<Vec<_>>(),
        "hoverinfo": "text",
        "line": { "color": colour, "dash": dash, "width": 2 },
        "marker": { "color": colour, "size": 7 },
    })
}

fn of_bars(x: &str, bars: &[Bar]) -> Value {
    let mut kinds: Vec<&str> = Vec::new();
    for bar in bars {
        if !kinds.contains(&bar.kind.as_str()) {
            kinds.push(&bar.kind);
        }
    }
    let traces = kinds.iter().enumerate().map(|(i, kind)| {
        let own: Vec<_> = bars.iter().enumerate().filter(|(_, bar)| bar.kind == **kind).collect();
        let beyond = |bar: &Bar, end: fn(&Bar) -> f64| (end(bar) - bar.value).abs();
        let high = |bar: &Bar| bar.range.map_or(bar.value, |(_, high)| high);
        let low = |bar: &Bar| bar.range.map_or(bar.value, |(low, _)| low);
        json!({
            "type": "bar",
            "orientation": "h",
            "name": plain(kind),
            "x": own.iter().map(|(_, bar)| bar.value).collect::<Vec<_>>(),
            "y": own.iter().map(|(place, _)| place).collect::<Vec<_>>(),
            "text": own.iter().map(|(_, bar)| short(bar.value)).collect::<Vec<_>>(),
            "textposition": "auto",
            "insidetextanchor": "end",
            "hovertext": own.iter().map(|(_, bar)| told(bar)).collect::<Vec<_>>(),
            "hoverinfo": "text",
            "marker": { "color": PALETTE[i % PALETTE.len()] },
            "error_x": {
                "type": "data",
                "symmetric": false,
                "visible": own.iter().any(|(_, bar)| bar.range.is_some()),
                "array": own.iter().map(|(_, bar)| beyond(bar, high)).collect::<Vec<_>>(),
                "arrayminus": own.iter().map(|(_, bar)| beyond(bar, low)).collect::<Vec<_>>(),
            },
        })
    });
    let names: Vec<_> = bars.iter().map(|bar| plain(&bar.name)).collect();
    json!({
        "data": traces.collect::<Vec<_>>(),
        "layout": {
            "height": BAR * bars.len() + BESIDE,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "showlegend": kinds.len() > 1,
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "bargap": 0.25,
            "barmode": "overlay",
            "xaxis": { "title": { "text": x }, "rangemode": "tozero", "automargin": true },
            "yaxis": name_axis(&names),
        },
    })
}

fn told(bar: &Bar) -> String {
    let name = plain(&bar.name);
    match bar.range {
        Some((low, high)) => {
            format!("<b>{name}</b><br>{} ({} to {})", short(bar.value), short(low), short(high))
        }
        None => format!("<b>{name}</b><br>{}", short(bar.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_of_a_kind_are_one_trace_in_their_places() {
        let bar = |name: &str, kind: &str, value| Bar {
            name: name.into(),
            value,
            range: Some((value / 2.0, value * 2.0)),
            kind: kind.into(),
        };
        let bars = vec![bar("a", "old", 1.0), bar("b", "new", 2.0), bar("c", "old", 4.0)];
        let figure = Plot::Bars { x: "USD".into(), bars }.figure();
        let traces = figure["data"].as_array().unwrap();
        assert_eq!(traces.len(), 2);
        assert_eq!(traces[0]["y"], json!([0, 2]));
        assert_eq!(traces[0]["error_x"]["array"], json!([1.0, 4.0]));
        assert_eq!(figure["layout"]["yaxis"]["ticktext"], json!(["a", "b", "c"]));
    }
}
