//! A figure of the page, as far as pictures show it.

use serde::Deserialize;
use serde_json::Value;

/// What plotly.js is given, without what only a browser can use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Figure {
    pub(super) data: Vec<Trace>,
    pub(super) layout: Layout,
}

/// Points, a line, or bars.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Trace {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) mode: String,
    pub(super) name: Option<String>,
    /// The horizontal axis: `x2` for the second panel.
    pub(super) xaxis: Option<String>,
    pub(super) x: Vec<Option<f64>>,
    pub(super) y: Vec<Option<f64>>,
    /// Where bars begin.
    pub(super) base: Many<Option<f64>>,
    pub(super) text: Many<String>,
    pub(super) textposition: Many<String>,
    pub(super) insidetextfont: Font,
    pub(super) marker: Marker,
    pub(super) line: Stroke,
    pub(super) error_x: Whiskers,
    pub(super) showlegend: Option<bool>,
}

/// One for all points, or one each.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Many<T> {
    Each(Vec<T>),
    All(T),
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self::Each(Vec::new())
    }
}

impl<T> Many<T> {
    /// That of the point in `place`.
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        match self {
            Self::Each(each) => each.get(place),
            Self::All(all) => Some(all),
        }
    }
}

/// The colour of text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Font {
    pub(super) color: Option<String>,
}

/// How points look, or bars.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Marker {
    pub(super) color: Many<String>,
    pub(super) symbol: Many<String>,
    pub(super) size: Many<f64>,
    pub(super) opacity: Option<f64>,
}

/// How a line looks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stroke {
    pub(super) color: Option<String>,
    pub(super) dash: Option<String>,
    pub(super) width: Option<f64>,
}

/// How far values may be off.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Whiskers {
    pub(super) visible: Option<bool>,
    pub(super) array: Vec<Option<f64>>,
    /// As above if there are none.
    pub(super) arrayminus: Vec<Option<f64>>,
    pub(super) color: Option<String>,
    pub(super) thickness: Option<f64>,
}

/// Everything that is not a point.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Layout {
    pub(super) height: Option<f64>,
    pub(super) margin: Margin,
    pub(super) barmode: String,
    pub(super) bargap: Option<f64>,
    pub(super) xaxis: AxisSpec,
    pub(super) xaxis2: Option<AxisSpec>,
    pub(super) yaxis: AxisSpec,
    pub(super) annotations: Vec<Note>,
}

/// Room around a plot.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Margin {
    pub(super) t: f64,
    pub(super) r: f64,
    pub(super) b: f64,
}

/// An axis.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AxisSpec {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) title: Title,
    /// Its ends; their decimal logarithms if it is logarithmic.
    pub(super) range: Option<[f64; 2]>,
    pub(super) rangemode: String,
    pub(super) tickvals: Option<Vec<f64>>,
    pub(super) ticktext: Vec<String>,
    /// `.0%` for shares in per cent.
    pub(super) tickformat: String,
    /// Shares of the width, from the left.
    pub(super) domain: Option<[f64; 2]>,
    pub(super) showgrid: Option<bool>,
    pub(super) zeroline: Option<bool>,
}

/// A name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Title {
    pub(super) text: String,
}

/// A note in the plot.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    pub(super) text: String,
    pub(super) x: f64,
    pub(super) y: f64,
    /// `paper` for shares of the plot's size; else values, or their logarithms.
    pub(super) xref: String,
    pub(super) xanchor: String,
    pub(super) yanchor: String,
    pub(super) xshift: f64,
    pub(super) yshift: f64,
}

impl Figure {
    /// Of plotly's JSON.
    pub(super) fn read(value: &Value) -> Result<Self, serde_json::Error> {
        serde::Deserialize::deserialize(value)
    }
}

/// A line of a label: its text, and whether it is bold or leans.
pub(super) struct Words {
    pub(super) text: String,
    pub(super) is_bold: bool,
    pub(super) is_italic: bool,
}

/// The lines of a label in the little HTML that plotly.js knows.
pub(super) fn lines(html: &str) -> Vec<Words> {
    html.split("<br>")
        .map(|line| {
            let bare = ["<b>", "</b>", "<i>", "</i>"]
                .iter()
                .fold(line.to_owned(), |line, tag| line.replace(tag, ""));
            Words {
                text: bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
                is_bold: line.contains("<b>"),
                is_italic: line.contains("<i>"),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_line_by_line() {
        let lines = lines("Rubin &lt;Max-P&gt;<br><i>reported</i>");
        assert_eq!(lines[0].text, "Rubin <Max-P>");
        assert!(lines[1].is_italic && lines[1].text == "reported");
    }

    #[test]
    fn one_may_stand_for_all() {
        let marker: Marker =
            serde_json::from_str(r##"{ "color": "#000000", "size": [1, 2] }"##).unwrap();
        assert_eq!(marker.color.get(7).unwrap(), "#000000");
        assert_eq!((marker.size.get(1), marker.size.get(2)), (Some(&2.0), None));
    }
}
