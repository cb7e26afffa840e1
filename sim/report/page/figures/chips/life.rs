//! Where the life of a task goes.

use serde_json::{Value, json};

use super::{GREY, PALETTE, chip_axis, height, plain};
use crate::insight::Use;
use crate::report::WallRow;
use crate::report::text::{percent, short};
use crate::report::wall::use_name;

/// The smallest share that gets its number printed into the bar.
const READABLE: f64 = 0.06;

/// One stacked bar a chip.
pub(in crate::report::page::figures) fn figure(rows: &[WallRow]) -> Value {
    let traces: Vec<Value> = Use::ALL.into_iter().filter_map(|what| trace(rows, what)).collect();
    if traces.is_empty() {
        return Value::Null;
    }
    json!({
        "data": traces,
        "layout": {
            "height": height(rows, 130),
            "barmode": "stack",
            "uniformtext": { "mode": "hide", "minsize": 10 },
            "bargap": 0.3,
            "showlegend": true,
            "meta": { "range": "one standard error" },
            "legend": {
                "orientation": "h", "traceorder": "normal",
                "y": 1.02, "yanchor": "bottom", "x": 0,
            },
            "margin": { "t": 20, "r": 20, "b": 40, "l": 20 },
            "xaxis": {
                "range": [0, 1],
                "tickvals": [0, 0.25, 0.5, 0.75, 1],
                "ticktext": ["0", "25 %", "50 %", "75 %", "100 %"],
                "fixedrange": true,
                "title": { "text": "share of a task's life" },
            },
            "yaxis": chip_axis(rows),
        },
    })
}

fn trace(rows: &[WallRow], what: Use) -> Option<Value> {
    let known: Vec<(usize, &WallRow, f64, f64)> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| {
            let life = row.life.as_ref()?;
            let share = life.share.0.get(what);
            Some((place, row, share, share * life.seconds_per_task))
        })
        .collect();
    known.iter().any(|(_, _, share, _)| *share > 0.0).then(|| {
        json!({
            "type": "bar",
            "orientation": "h",
            "name": use_name(what),
            "meta": use_name(what),
            "x": known.iter().map(|(_, _, share, _)| share).collect::<Vec<_>>(),
            "y": known.iter().map(|(place, ..)| place).collect::<Vec<_>>(),
            "text": known.iter().map(|(_, _, share, _)| printed(*share)).collect::<Vec<_>>(),
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "customdata": known
                .iter()
                .map(|(_, row, share, _)| error_of(row, what).map(|e| [share - e, share + e]))
                .collect::<Vec<_>>(),
            "hovertext": known
                .iter()
                .map(|(_, row, share, seconds)| {
                    let (title, name) = (plain(&row.title), use_name(what));
                    let (share, seconds) = (percent(*share), short(*seconds));
                    let error = error_of(row, what).map(percent);
                    let error = error.map_or_else(String::new, |error| format!(" ± {error}"));
                    format!("<b>{title}</b><br>{name}: {share}{error}, {seconds} s")
                })
                .collect::<Vec<_>>(),
            "hoverinfo": "text",
            "marker": { "color": colour(what) },
            "insidetextfont": { "color": ink_on(what) },
        })
    })
}

/// The standard error of a share.
fn error_of(row: &WallRow, what: Use) -> Option<f64> {
    Some(row.life.as_ref()?.share_error?.0.get(what))
}

/// As the bounds have it where they are the same.
pub(super) const fn colour(what: Use) -> &'static str {
    match what {
        Use::Weights => PALETTE[0],
        Use::Kv => "#F0E442",
        Use::Compute => PALETTE[1],
        Use::Interconnect => PALETTE[2],
        Use::Latency => PALETTE[4],
        Use::Host => PALETTE[5],
        Use::Capacity => PALETTE[3],
        Use::Tool => GREY,
        Use::Human => "#C8C8C8",
    }
}

/// For a contrast above 4.5.
pub(super) const fn ink_on(what: Use) -> &'static str {
    match what {
        Use::Compute => "#FFFFFF",
        _ => "#111111",
    }
}

fn printed(share: f64) -> String {
    if share < READABLE { String::new() } else { percent(share) }
}
