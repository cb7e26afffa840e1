//! The document of `memwall validate`.

use serde::Serialize;

use crate::fidelity::{Floor, Group, Point, Predicted, Remainders, band};

/// Points with their predictions, and errors by group.
#[derive(Debug, Serialize)]
pub(super) struct ValidateDocument<'a> {
    pub(super) schema: &'static str,
    pub(super) memwall_version: &'static str,
    pub(super) cost: String,
    pub(super) points: Vec<PointRow<'a>>,
    pub(super) summary: Vec<SummaryRow<'a>>,
    /// How far measurements are apart that memwall cannot tell from each other.
    pub(super) floor: Vec<FloorRow<'a>>,
}

/// Twins of one figure.
#[derive(Debug, Serialize)]
pub(super) struct FloorRow<'a> {
    metric: &'static str,
    twins_differ_in: &'static str,
    engine: &'a str,
    n: usize,
    median_abs_rel_err: f64,
    p90_abs_rel_err: f64,
}

impl<'a> From<&'a Floor> for FloorRow<'a> {
    fn from(floor: &'a Floor) -> Self {
        Self {
            metric: floor.metric,
            twins_differ_in: floor.twins.name(),
            engine: &floor.engine,
            n: floor.n,
            median_abs_rel_err: floor.median,
            p90_abs_rel_err: floor.p90,
        }
    }
}

/// What a fit has written.
#[derive(Debug, Serialize)]
pub(super) struct FitDocument {
    schema: &'static str,
    memwall_version: &'static str,
    written: String,
}

impl FitDocument {
    /// The document of a fit that is in the file `written`.
    pub(super) const fn of(written: String) -> Self {
        Self { schema: "memwall.fit/1", memwall_version: env!("CARGO_PKG_VERSION"), written }
    }
}

/// One point.
#[derive(Debug, Serialize)]
pub(super) struct PointRow<'a> {
    file: &'a str,
    row: usize,
    metric: &'a str,
    chip: &'a str,
    model: &'a str,
    engine: &'a str,
    scenario: &'a str,
    /// `null` if the row has no usable value.
    measured: Option<f64>,
    predicted: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    skipped: Option<&'a str>,
}

/// Errors of one group.
#[derive(Debug, Serialize)]
pub(super) struct SummaryRow<'a> {
    metric: &'static str,
    by: &'static str,
    group: &'a str,
    n: usize,
    median_abs_rel_err: f64,
    p90_abs_rel_err: f64,
    bias: f64,
    band_coverage: Option<f64>,
}

impl ValidateDocument<'_> {
    /// Name and version of the format.
    pub(super) const SCHEMA: &'static str = "memwall.validate/1";
}

impl<'a> PointRow<'a> {
    pub(super) fn new(point: &'a Point, answer: &'a Result<Predicted, String>) -> Self {
        let predicted = answer.as_ref().ok().copied();
        let band = predicted.map(|answer| band(point, answer, Remainders::embedded()));
        Self {
            file: &point.file,
            row: point.row,
            metric: &point.metric.name,
            chip: &point.tags.chip,
            model: &point.tags.model,
            engine: &point.tags.engine,
            scenario: &point.tags.scenario,
            measured: point.measured.is_finite().then_some(point.measured),
            predicted: predicted.map(|answer| answer.value),
            low: band.map(|(low, _)| low),
            high: band.map(|(_, high)| high),
            skipped: answer.as_ref().err().map(String::as_str),
        }
    }
}

impl<'a> From<&'a Group> for SummaryRow<'a> {
    fn from(group: &'a Group) -> Self {
        Self {
            metric: group.metric,
            by: group.by,
            group: &group.group,
            n: group.n,
            median_abs_rel_err: group.median,
            p90_abs_rel_err: group.p90,
            bias: group.bias,
            band_coverage: Some(group.coverage),
        }
    }
}
