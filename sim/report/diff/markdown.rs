//! A comparison for a pull request.

use std::fmt::Write;

use super::compare::{DiffDocument, Metric};
use crate::report::text::short_or_dash;

/// Most metrics of each kind that are listed.
const SHOWN: usize = 30;

/// The comparison as GitHub Markdown.
pub fn diff_markdown(diff: &DiffDocument) -> String {
    let (worse, changed) = (diff.regressions(), diff.changes());
    let verdict = if diff.ok { "✅ nothing got worse than allowed" } else { "❌ regressions" };
    let mut text = format!(
        "### memwall: {verdict}\n\n{} metrics of `{}`: {} worse than allowed, {} changed within \
         it.\n",
        diff.metrics.len(),
        diff.of,
        worse.len(),
        changed.len()
    );
    for line in &diff.differing {
        let _ = writeln!(text, "\n> Not the same work: {line}");
    }
    table(&mut text, "Worse than allowed", &worse);
    table(&mut text, "Changed", &changed);
    text
}

fn table(text: &mut String, title: &str, metrics: &[&Metric]) {
    if metrics.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n#### {title}\n\n| metric | base | new | change | allowed |");
    text.push_str("|---|--:|--:|--:|--:|\n");
    for metric in metrics.iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            metric.path,
            short_or_dash(metric.base),
            short_or_dash(metric.new),
            signed(metric.change),
            metric.allowed.map_or("–".into(), |share| format!("{} %", share * 100.0)),
        );
    }
    if metrics.len() > SHOWN {
        let _ = writeln!(text, "\n{} more are in the JSON document.", metrics.len() - SHOWN);
    }
}

/// `+3.1 %`.
pub(crate) fn signed(change: Option<f64>) -> String {
    change.map_or_else(|| "–".into(), |change| format!("{:+.1} %", change * 100.0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::compare;
    use super::*;

    #[test]
    fn a_regression_is_a_row_with_its_change() {
        let of = |usd: f64| json!({"schema": "memwall.run/1", "cost": {"usd_per_task": usd}});
        let text = diff_markdown(&compare(&of(2.0), &of(2.5), 0.02, &[]).unwrap());
        assert!(text.starts_with("### memwall: ❌"), "{text}");
        assert!(text.contains("| `cost.usd_per_task` | 2 | 2.5 | +25.0 % | 2 % |"), "{text}");
    }
}
