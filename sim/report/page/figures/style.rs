//! What figures have in common: colours, names, the axis of chips.

use serde_json::{Value, json};

use crate::cost::Bound;
use crate::hardware::Class;
use crate::report::text::wrap;
use crate::report::{WallReport, WallRow};
use crate::units::with_prefix;

/// Okabe and Ito's palette without black and yellow, which vanish on one of the backgrounds.
pub(crate) const PALETTE: [&str; 6] =
    ["#D55E00", "#0072B2", "#009E73", "#E69F00", "#CC79A7", "#56B4E9"];
pub(super) const GREY: &str = "#8C8C8C";

/// What a band is, for the heads of columns.
pub(super) const BAND: &str = "80 % band";

/// The colour of `bound` wherever it appears.
pub(in crate::report::page) const fn colour(bound: Bound) -> &'static str {
    match bound {
        Bound::HbmBandwidth => PALETTE[0],
        Bound::Compute => PALETTE[1],
        Bound::Interconnect => PALETTE[2],
        Bound::HbmCapacity => PALETTE[3],
        Bound::Latency => PALETTE[4],
        Bound::Host => PALETTE[5],
        Bound::Idle => GREY,
    }
}

/// The colour of text on [`colour`], for a contrast above 4.5.
pub(super) const fn ink_on(bound: Bound) -> &'static str {
    match bound {
        Bound::Compute => "#FFFFFF",
        _ => "#111111",
    }
}

/// A class in words.
pub(in crate::report::page) const fn class_name(class: Class) -> &'static str {
    match class {
        Class::Datasheet => "data sheet",
        Class::Announced => "announced",
        Class::Reported => "reported",
        Class::Estimate => "estimate",
    }
}

/// `text` as plotly.js shows it letter by letter: it would read tags and links otherwise.
pub(in crate::report::page) fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What stands over one of several panels, at their left edge.
pub(super) fn heading(text: &str, x: f64) -> Value {
    json!({
        "text": format!("<b>{text}</b>"), "showarrow": false,
        "xref": "paper", "yref": "paper", "x": x, "y": 1,
        "xanchor": "left", "yanchor": "bottom",
    })
}

/// A chip's name, folded, with its class below unless that is the best.
fn label(row: &WallRow) -> String {
    let mut lines: Vec<String> = wrap(&row.title, 22).iter().map(|line| plain(line)).collect();
    if row.class != Class::Datasheet {
        lines.push(format!("<i>{}</i>", class_name(row.class)));
    }
    lines.join("<br>")
}

/// The title of the chip named `chip`, or its name if the ladder has no such row.
pub(super) fn title_of(report: &WallReport, chip: &str) -> String {
    let row = report.document.rows.iter().find(|row| row.chip == chip);
    plain(row.map_or(chip, |row| &row.title))
}

/// A figure of something, and how it looks in a chart.
pub(super) struct Series<T> {
    pub(super) name: &'static str,
    pub(super) colour: &'static str,
    pub(super) symbol: &'static str,
    pub(super) of: fn(&T) -> Option<f64>,
}

/// With the six colours these tell eighteen lines apart.
const DASHES: [&str; 3] = ["solid", "dash", "dot"];

/// Colour and dash of the line in `place`.
pub(in crate::report::page) fn line_look(place: usize) -> (&'static str, &'static str) {
    (PALETTE[place % PALETTE.len()], DASHES[place / PALETTE.len() % DASHES.len()])
}

/// A logarithmic axis with ticks at 1, 2 and 5 of every decade that `values` reach.
pub(in crate::report::page) fn log_axis(title: &str, values: impl Iterator<Item = f64>) -> Value {
    let decades = values.filter(|&value| value > 0.0).map(libm::log10);
    let ends = decades.map(|x| (x, x)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let (low, high) = ends.unwrap_or((0.0, 1.0));
    let range = [low - 0.1, high + 0.1];
    let decades = libm::floor(range[0]) as i32..=libm::ceil(range[1]) as i32;
    let ticks: Vec<f64> = decades
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * libm::pow(10.0, f64::from(decade))))
        .collect();
    json!({
        "type": "log",
        "title": { "text": title },
        "range": range,
        "ticktext": ticks.iter().map(|&tick| with_prefix(tick, "")).collect::<Vec<_>>(),
        "tickvals": ticks,
        "automargin": true,
        "zeroline": false,
    })
}

/// The vertical axis of `rows`, first on top.
pub(super) fn chip_axis(rows: &[WallRow]) -> Value {
    name_axis(&rows.iter().map(label).collect::<Vec<_>>())
}

/// A vertical axis of `names`, first on top.
pub(in crate::report::page) fn name_axis(names: &[String]) -> Value {
    json!({
        "tickvals": (0..names.len()).collect::<Vec<_>>(),
        "ticktext": names,
        "range": [names.len() as f64 - 0.5, -0.5],
        "automargin": true,
        "fixedrange": true,
        "showgrid": false,
        "zeroline": false,
        // Invisible ticks keep the names off the bars.
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "rgba(0,0,0,0)",
    })
}

/// Height of a figure with one band a chip, in pixels: room for the longest label in each.
pub(super) fn height(rows: &[WallRow], beside: usize) -> usize {
    let lines = rows.iter().map(|row| label(row).split("<br>").count()).max().unwrap_or(1);
    rows.len() * (14 + 15 * lines.max(2)) + beside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_in_names_stay_text() {
        assert_eq!(plain("<a href=x>&"), "&lt;a href=x&gt;&amp;");
    }

    #[test]
    fn bounds_have_colours_of_their_own() {
        let colours: std::collections::BTreeSet<_> =
            Bound::ALL.iter().map(|&bound| colour(bound)).collect();
        assert_eq!(colours.len(), Bound::ALL.len());
    }
}
