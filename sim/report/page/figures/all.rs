//! All figures of a page.

use serde_json::{Value, json};

use super::{context, ladder, levers, multiples, roofline, shares};
use crate::report::WallReport;

/// Every figure by the name of the element it is drawn into. Null where there is nothing to draw.
pub(in crate::report::page) fn all(report: &WallReport) -> Value {
    let rows = &report.document.rows;
    json!({
        "ladder": ladder::per_gpu(rows),
        "megawatt": ladder::per_megawatt(rows),
        "shares": shares::figure(rows),
        "levers": levers::figure(&report.document),
        "roofline": roofline::figures(report),
        "context": context::figure(report),
        "multiples": multiples::figure(&report.document),
    })
}
