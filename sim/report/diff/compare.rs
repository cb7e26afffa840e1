//! The comparison.

use serde::Serialize;
use serde_json::Value;

use super::direction::Direction;
use super::flatten::flatten;

/// How much worse a metric may get.
#[derive(Clone, Debug, PartialEq)]
pub struct Tolerance {
    /// A whole path, its end (`ttft_ms_p99`), or a path with `*` for any run of characters.
    pub path: String,
    /// As a share of the base; `None` to leave the metric out.
    pub share: Option<f64>,
}

impl Tolerance {
    fn is_for(&self, path: &str) -> bool {
        if self.path.contains('*') {
            return matches(&self.path, path);
        }
        path == self.path || path.strip_suffix(&self.path).is_some_and(|rest| rest.ends_with('.'))
    }
}

/// Whether `text` fits a pattern with `*`.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| matches(rest, &text[at..]))
        }),
    }
}

/// One metric in both documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// Where it stands: `rows[gb300].ttft_ms_p99`.
    pub path: String,
    /// In the first document; null if it is not there or not known.
    pub base: Option<f64>,
    /// In the second.
    pub new: Option<f64>,
    /// Growth as a share of the base; null if either is missing or the base is zero.
    pub change: Option<f64>,
    /// How much worse it may get; null if it only is told.
    pub allowed: Option<f64>,
    /// Whether it is within that.
    pub ok: bool,
}

/// What changed between two documents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DiffDocument {
    /// `memwall.diff/1`.
    pub schema: &'static str,
    /// The schema of both documents.
    pub of: String,
    /// Whether nothing got worse than allowed.
    pub ok: bool,
    /// Metrics with a direction, and those with a tolerance of their own, by path.
    pub metrics: Vec<Metric>,
    /// What else differs: model, workload, seed, …
    pub differing: Vec<String>,
}

impl DiffDocument {
    /// Name and version of the format.
    pub const SCHEMA: &'static str = "memwall.diff/1";

    /// Metrics that got worse than allowed, the worst first.
    pub fn regressions(&self) -> Vec<&Metric> {
        let mut worse: Vec<_> = self.metrics.iter().filter(|metric| !metric.ok).collect();
        worse.sort_by(|a, b| b.size().total_cmp(&a.size()));
        worse
    }

    /// Metrics that changed within what is allowed, the largest change first.
    pub fn changes(&self) -> Vec<&Metric> {
        let changed = |metric: &&Metric| metric.ok && metric.base != metric.new;
        let mut changed: Vec<_> = self.metrics.iter().filter(changed).collect();
        changed.sort_by(|a, b| b.size().total_cmp(&a.size()));
        changed
    }
}

impl Metric {
    fn size(&self) -> f64 {
        self.change.map_or(f64::INFINITY, f64::abs)
    }
}

/// Documents that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// One has no `schema`.
    #[error("has no `schema`; give a document that a memwall command printed with --json")]
    NoSchema,
    /// They are of different kinds.
    #[error("is {new}, but the base is {base}; compare documents of one command")]
    Kinds {
        /// The schema of the base.
        base: String,
        /// The other's.
        new: String,
    },
    /// A tolerance fits no metric.
    #[error("`{0}` fits no metric; `memwall diff --json` names them all")]
    NoSuchMetric(String),
}

/// Compares two documents. A metric with a direction may get worse by the share `fail_over`, or by
/// that of the last tolerance that fits; one with no direction is held only if a tolerance fits,
/// both ways.
pub fn compare(
    base: &Value,
    new: &Value,
    fail_over: f64,
    tolerances: &[Tolerance],
) -> Result<DiffDocument, Incomparable> {
    let schema = |value: &Value| value["schema"].as_str().map(str::to_owned);
    let (of, other) = schema(base).zip(schema(new)).ok_or(Incomparable::NoSchema)?;
    if of != other {
        return Err(Incomparable::Kinds { base: of, new: other });
    }
    let (before, after) = (flatten(base), flatten(new));
    let paths = before.keys().chain(after.keys().filter(|path| !before.contains_key(*path)));
    let mut paths: Vec<_> = paths.collect();
    paths.sort();
    let unused = tolerances.iter().find(|own| !paths.iter().any(|path| own.is_for(path)));
    if let Some(unused) = unused {
        return Err(Incomparable::NoSuchMetric(unused.path.clone()));
    }
    let metrics = paths.into_iter().filter_map(|path| {
        let own = tolerances.iter().rev().find(|own| own.is_for(path));
        let direction = Direction::of(path);
        let allowed = match (own, direction) {
            (Some(own), _) => own.share?,
            (None, Direction::Neither) => return None,
            (None, _) => fail_over,
        };
        let value = |numbers: &std::collections::BTreeMap<String, Option<f64>>| {
            numbers.get(path).copied().flatten()
        };
        let (base, new) = (value(&before), value(&after));
        if base.is_none() && new.is_none() {
            return None;
        }
        Some(metric(path, [base, new], allowed, direction))
    });
    let metrics: Vec<_> = metrics.collect();
    Ok(DiffDocument {
        schema: DiffDocument::SCHEMA,
        of,
        ok: metrics.iter().all(|metric| metric.ok),
        metrics,
        differing: differing(base, new),
    })
}

fn metric(path: &str, [base, new]: [Option<f64>; 2], allowed: f64, direction: Direction) -> Metric {
    let change = base.zip(new).filter(|(base, _)| *base != 0.0);
    let change = change.map(|(base, new)| (new - base) / base.abs());
    let ok = match (base, new, change) {
        // A figure that is lost is no better than a bad one.
        (Some(_), None, _) => false,
        (None, ..) => true,
        (_, _, Some(change)) => match direction {
            Direction::Better => -change <= allowed,
            Direction::Worse => change <= allowed,
            Direction::Neither => change.abs() <= allowed,
        },
        (Some(base), Some(new), None) => match direction {
            Direction::Better => true,
            Direction::Worse | Direction::Neither => new <= base,
        },
    };
    Metric { path: path.into(), base, new, change, allowed: Some(allowed), ok }
}

/// Texts and flags at the top of the documents that are not equal.
fn differing(base: &Value, new: &Value) -> Vec<String> {
    let entries = base.as_object().into_iter().flatten();
    let texts = entries.filter(|(_, value)| value.is_string() || value.is_boolean());
    let seed = texts.chain(base.get_key_value("seed"));
    let other = seed.filter(|(key, value)| new.get(key.as_str()) != Some(value));
    other.map(|(key, value)| format!("{key}: {value} → {}", new[key.as_str()])).collect()
}

/// `serde_json` has no such method on values.
trait GetKeyValue {
    fn get_key_value(&self, key: &'static str) -> Option<(&String, &Value)>;
}

impl GetKeyValue for Value {
    fn get_key_value(&self, key: &'static str) -> Option<(&String, &Value)> {
        self.as_object()?.get_key_value(key)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(ttft: f64, rate: f64) -> Value {
        json!({"schema": "memwall.run/1", "model": "m", "seed": 0,
               "latency": {"ttft_ms": {"p99": ttft}}, "throughput": {"output_tok_s": rate}})
    }

    fn verdicts(new: &Value, tolerances: &[Tolerance]) -> Vec<bool> {
        let diff = compare(&run(100.0, 50.0), new, 0.02, tolerances).unwrap();
        diff.metrics.iter().map(|metric| metric.ok).collect()
    }

    #[test]
    fn worse_is_a_rise_of_latency_and_a_fall_of_throughput() {
        assert_eq!(verdicts(&run(101.9, 49.1), &[]), [true, true]);
        assert_eq!(verdicts(&run(102.1, 48.9), &[]), [false, false]);
        // Better by any amount passes.
        assert_eq!(verdicts(&run(10.0, 500.0), &[]), [true, true]);
    }

    #[test]
    fn the_last_tolerance_that_fits_holds() {
        let own = |path: &str, share| Tolerance { path: path.into(), share };
        let wide = [own("latency.*", Some(0.5)), own("ttft_ms.p99", Some(0.1))];
        assert_eq!(verdicts(&run(120.0, 50.0), &wide), [false, true]);
        assert_eq!(verdicts(&run(120.0, 50.0), &wide[..1]), [true, true]);
        assert_eq!(verdicts(&run(120.0, 50.0), &[own("ttft_ms.p99", None)]), [true]);
        let error = compare(&run(1.0, 1.0), &run(1.0, 1.0), 0.0, &[own("no.such", None)]);
        assert_eq!(error, Err(Incomparable::NoSuchMetric("no.such".into())));
    }

    #[test]
    fn a_lost_figure_fails_and_a_zero_base_allows_no_growth() {
        let with = |rejected: Value| json!({"schema": "s", "requests": {"rejected": rejected}});
        let ok = |base, new| compare(&with(base), &with(new), 0.5, &[]).unwrap().ok;
        assert!(!ok(json!(3), json!(null)));
        assert!(!ok(json!(0), json!(1)));
        assert!(ok(json!(0), json!(0)) && ok(json!(null), json!(1)));
    }

    #[test]
    fn other_kinds_are_not_compared_and_other_work_is_told() {
        let other = json!({"schema": "memwall.wall/1"});
        assert!(compare(&run(1.0, 1.0), &other, 0.0, &[]).is_err());
        let mut new = run(100.0, 50.0);
        new["seed"] = json!(7);
        let diff = compare(&run(100.0, 50.0), &new, 0.0, &[]).unwrap();
        assert_eq!(diff.differing, ["seed: 0 → 7"]);
    }
}
