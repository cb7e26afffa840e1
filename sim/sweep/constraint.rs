//! What points must obey: `gpus * concurrency <= 512 or chip == gb300`.

use std::cmp::Ordering;

use super::setting::Measure;

/// The key that stands for the chips of a replica, reckoned from `plan` or `tp`.
pub(super) const GPUS: &str = "gpus";

/// Comparisons of which one must hold: `ttft_ms_p99 < 2000 or chip == gb300`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint(Vec<Comparison>);

/// Two products and how they must compare.
#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    left: Vec<String>,
    operator: &'static str,
    right: Vec<String>,
}

/// Longer ones first, so that `<=` is not read as `<`.
const OPERATORS: [&str; 6] = ["<=", ">=", "==", "!=", "<", ">"];

impl Constraint {
    /// Reads it; the message says what was expected.
    pub fn read(text: &str) -> Result<Self, String> {
        let comparisons: Result<Vec<_>, _> = text.split(" or ").map(comparison).collect();
        Ok(Self(comparisons?))
    }

    /// The words that may be keys, operands that are no numbers, and whether they stand at the
    /// left.
    pub fn words(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().flat_map(|one| {
            let left = one.left.iter().map(|word| (word.as_str(), true));
            left.chain(one.right.iter().map(|word| (word.as_str(), false)))
                .filter(|(word, _)| Measure::of(word).is_none())
        })
    }

    /// Whether a point obeys it, whose settings `value_of` knows as texts; a comparison with a key
    /// that the point does not set holds.
    pub fn holds(&self, value_of: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().any(|one| one.holds(&value_of))
    }
}

fn comparison(text: &str) -> Result<Comparison, String> {
    let wanted = || {
        format!(
            "`{text}` is no comparison; write `KEY OP VALUE` with one of {}, \
             such as `gpus * concurrency <= 512`, and join several by ` or `",
            OPERATORS.join(" ")
        )
    };
    let found = OPERATORS.iter().filter_map(|operator| Some((text.find(operator)?, *operator)));
    let (at, operator) =
        found.min_by_key(|(at, operator)| (*at, usize::MAX - operator.len())).ok_or_else(wanted)?;
    let words = |side: &str| -> Vec<String> {
        side.split('*').map(|word| word.trim().trim_matches(['"', '\'']).to_owned()).collect()
    };
    let (left, right) = (words(&text[..at]), words(&text[at + operator.len()..]));
    let is_word = |word: &String| !word.is_empty() && !word.contains(['=', '<', '>', '!']);
    let is_whole = left.iter().chain(&right).all(is_word);
    is_whole.then_some(Comparison { left, operator, right }).ok_or_else(wanted)
}

impl Comparison {
    fn holds(&self, value_of: &impl Fn(&str) -> Option<String>) -> bool {
        if self.left.iter().any(|word| Measure::of(word).is_none() && value_of(word).is_none()) {
            return true;
        }
        let values = |side: &[String]| -> Vec<String> {
            side.iter().map(|word| value_of(word).unwrap_or_else(|| word.clone())).collect()
        };
        let (left, right) = (values(&self.left), values(&self.right));
        let order = match (product(&left), product(&right)) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => Some(left.join(" * ").cmp(&right.join(" * "))),
        };
        match self.operator {
            "<=" => order.is_some_and(Ordering::is_le),
            ">=" => order.is_some_and(Ordering::is_ge),
            "==" => order == Some(Ordering::Equal),
            "!=" => order != Some(Ordering::Equal),
            "<" => order == Some(Ordering::Less),
            _ => order == Some(Ordering::Greater),
        }
    }
}

fn product(values: &[String]) -> Option<f64> {
    values.iter().map(|value| Some(Measure::of(value)?.number)).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        let value = |key: &str| match key {
            "chip" => Some("gb300".to_owned()),
            "concurrency" => Some("64".to_owned()),
            "gpus" => Some("8".to_owned()),
            "kv" => Some("fp8".to_owned()),
            "weights" => Some("fp4".to_owned()),
            _ => None,
        };
        Constraint::read(text).unwrap().holds(value)
    }

    #[test]
    fn numbers_names_products_and_alternatives_compare() {
        assert!(holds("gpus * concurrency <= 512"));
        assert!(!holds("gpus * concurrency < 512"));
        assert!(holds("chip == gb300") && !holds("chip != \"gb300\""));
        assert!(holds("concurrency > 100 or chip == gb300"));
        assert!(holds("kv != weights") && !holds("kv == weights"));
        assert!(holds("concurrency >= gpus"));
        assert!(holds("rate < 5"), "a key that the point does not set");
    }

    #[test]
    fn what_is_no_comparison_is_refused() {
        for text in ["", "gpus", "gpus <=", "<= 3", "gpus =< 4 or", "a * <= 3"] {
            assert!(Constraint::read(text).is_err(), "{text}");
        }
    }
}
