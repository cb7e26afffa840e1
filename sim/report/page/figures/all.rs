//! All figures of a page.

use serde_json::{Value, json};

use super::{chips, curves, techniques};
use crate::report::{AblateDocument, WallReport};

/// Every figure by the name of the element it is drawn into. Null where there is nothing to draw.
pub(in crate::report::page) fn all(report: &WallReport) -> Value {
    let rows = &report.document.rows;
    let ablation = report.document.ablation.as_ref();
    let of = |figure: fn(&AblateDocument) -> Value| ablation.map_or(Value::Null, figure);
    json!({
        "ladder": chips::per_gpu(rows),
        "megawatt": chips::per_megawatt(rows),
        "shares": chips::shares(rows),
        "life": chips::life(rows),
        "stages": chips::stages(rows),
        "levers": chips::levers(rows),
        "frontier": curves::frontier(rows),
        "intensity": chips::intensity(rows),
        "turns": curves::turns(rows),
        "roofline": curves::rooflines(report),
        "context": curves::context(report),
        "techniques": of(techniques::gains),
        "pairs": of(techniques::pairs),
        "multiples": chips::multiples(&report.document),
    })
}
