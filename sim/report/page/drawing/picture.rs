//! Every chart of a page, as a picture.

use serde_json::Value;

use super::figure::Figure;
use super::ink::{Scene, png, svg};
use super::plot::{Around, draw};
use crate::report::page::charts::{self, Titled};
use crate::report::page::{figures, techniques};
use crate::report::{AblateDocument, WallReport};

/// A chart, drawn.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Stable, without ending: `ladder`, `roofline-h100-sxm`.
    pub name: String,
    title: String,
    says: String,
    scene: Scene,
}

/// Every chart of the page of `report`, in its order; of a chart that shows a chip of choice, one
/// each.
pub fn wall_pictures(report: &WallReport) -> Vec<Picture> {
    let document = &report.document;
    let steps = document.steps.as_ref().map_or_else(String::new, |steps| format!("; {steps}"));
    let setting = format!(
        "{} on {}; {}; {} time model, {} engine{steps}",
        document.model, document.workload, document.slo, document.cost, document.engine_profile
    );
    pictures(&charts::titles(report), &figures::all(report), &setting)
}

/// Every chart of the page of `document`, one a chip.
pub fn ablate_pictures(document: &AblateDocument) -> Vec<Picture> {
    let setting = techniques::setting(document);
    pictures(&techniques::titles(document), &techniques::figures(document), &setting)
}

fn pictures(charts: &[Titled], figures: &Value, setting: &str) -> Vec<Picture> {
    let of_chart = |chart: &Titled| {
        let of = |name: String, title: String, figure: &Value| {
            picture(name, (title, &chart.says), setting, figure)
        };
        match &figures[chart.id] {
            Value::Null => Vec::new(),
            Value::Array(choices) => choices
                .iter()
                .filter_map(|choice| {
                    let chip = choice["chip"].as_str()?;
                    let title = choice["title"].as_str().unwrap_or(chip);
                    let title = format!("{}: {title}", chart.heading);
                    of(format!("{}-{}", chart.id, file_name(chip)), title, &choice["figure"])
                })
                .collect(),
            figure => {
                of(chart.id.to_owned(), chart.heading.to_owned(), figure).into_iter().collect()
            }
        }
    };
    charts.iter().flat_map(of_chart).collect()
}

fn picture(
    name: String,
    (title, says): (String, &str),
    setting: &str,
    figure: &Value,
) -> Option<Picture> {
    let figure = Figure::read(figure).ok()?;
    let foot = concat!("memwall ", env!("CARGO_PKG_VERSION"));
    let scene = draw(&figure, &Around { heading: &title, setting, foot });
    Some(Picture { name, title, says: says.to_owned(), scene })
}

/// A chip's name as part of a file's.
fn file_name(chip: &str) -> String {
    let plain = |sign: char| if sign.is_ascii_alphanumeric() { sign } else { '-' };
    chip.chars().map(plain).collect()
}

impl Picture {
    /// Width and height of the SVG, in pixels; the PNG is twice as fine.
    pub fn size(&self) -> (f64, f64) {
        self.scene.size
    }

    /// As SVG, with what the chart says as its description.
    pub fn svg(&self) -> String {
        svg(&self.scene, &self.title, &self.says)
    }

    /// As PNG.
    pub fn png(&self) -> Vec<u8> {
        png(&self.scene)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_have_no_separators() {
        assert_eq!(file_name("../b200 x"), "---b200-x");
    }
}
