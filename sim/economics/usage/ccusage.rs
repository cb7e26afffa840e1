//! What ccusage prints with `--json`: totals by day, week, month, session, block or project.

use serde_json::{Map, Value};

use super::call::{MOST_TOKENS, UsageError};
use crate::economics::prices::BilledTokens;
use crate::units::Usd;

/// Keys under which rows stand. `data` is that of versions up to 17.
const LISTS: [&str; 7] = ["daily", "weekly", "monthly", "sessions", "session", "blocks", "data"];

/// A row of the output: a day, a week, a session, …
#[derive(Clone, Debug, PartialEq)]
pub struct UsageRow {
    /// The day, week, month, session or start that it stands for.
    pub period: String,
    /// Its tokens by model, where it is broken down, else under the name of `unknown`.
    pub models: Vec<(String, BilledTokens, Option<Usd>)>,
    /// Its tokens.
    pub tokens: BilledTokens,
    /// Its cost.
    pub usd: Usd,
}

/// Reads the rows of an output.
pub fn read_ccusage(file: &str, text: &str) -> Result<Vec<UsageRow>, UsageError> {
    let refuse = |problem: String| UsageError::Ccusage { file: file.into(), problem };
    let document: Value = serde_json::from_str(text).map_err(|error| refuse(error.to_string()))?;
    let list = LISTS.iter().find_map(|key| document.get(*key)?.as_array());
    let rows: Vec<&Value> = match (list, document.get("projects").and_then(Value::as_object)) {
        (Some(list), _) => list.iter().collect(),
        (None, Some(projects)) => projects.values().filter_map(Value::as_array).flatten().collect(),
        (None, None) => return Err(refuse(format!("has none of the keys {}", LISTS.join(", ")))),
    };
    let rows: Result<Vec<_>, _> = rows.into_iter().map(row).collect();
    let mut rows = rows.map_err(refuse)?;
    rows.retain(|row| row.tokens.total() > 0 || !row.usd.is_zero());
    if rows.is_empty() {
        return Err(refuse("holds no usage".into()));
    }
    Ok(rows)
}

fn row(value: &Value) -> Result<UsageRow, String> {
    let row = value.as_object().ok_or("holds a row that is no object")?;
    let periods = ["date", "week", "month", "period", "sessionId", "startTime", "session"];
    let period = periods.iter().find_map(|key| row.get(*key)?.as_str()).unwrap_or("?");
    let counts = row.get("tokenCounts").and_then(Value::as_object).unwrap_or(row);
    let tokens = tokens(counts).ok_or_else(|| {
        format!("`{period}` has no `inputTokens` that is a count, or more tokens than there can be")
    })?;
    let usd = cost(row).ok_or_else(|| format!("`{period}` has no `totalCost` or `costUSD`"))?;
    Ok(UsageRow { period: period.into(), models: models(row), tokens, usd })
}

fn models(row: &Map<String, Value>) -> Vec<(String, BilledTokens, Option<Usd>)> {
    let list = row.get("modelBreakdowns").and_then(Value::as_array);
    let named = list.into_iter().flatten().filter_map(|model| {
        let model = model.as_object()?;
        Some((model.get("modelName")?.as_str()?.to_owned(), tokens(model)?, cost(model)))
    });
    // Codex's rows have an object by name, without costs.
    let keyed = row.get("models").and_then(Value::as_object).into_iter().flatten();
    let keyed = keyed.filter_map(|(name, model)| {
        let model = model.as_object()?;
        Some((name.clone(), tokens(model)?, cost(model)))
    });
    named.chain(keyed).collect()
}

fn tokens(row: &Map<String, Value>) -> Option<BilledTokens> {
    let count = |keys: [&str; 2]| keys.iter().find_map(|key| row.get(*key)?.as_u64());
    let tokens = BilledTokens {
        input: count(["inputTokens", "inputTokens"])?,
        cache_write: count(["cacheCreationTokens", "cacheCreationInputTokens"]).unwrap_or(0),
        cache_write_1h: 0,
        cache_read: count(["cacheReadTokens", "cacheReadInputTokens"]).unwrap_or(0),
        output: count(["outputTokens", "outputTokens"])?,
        reasoning: count(["reasoningOutputTokens", "reasoningOutputTokens"]).unwrap_or(0),
    };
    let BilledTokens { input, cache_write, cache_read, output, .. } = tokens;
    let is_possible = [input, cache_write, cache_read, output].iter().all(|n| *n <= MOST_TOKENS);
    is_possible.then_some(tokens)
}

fn cost(row: &Map<String, Value>) -> Option<Usd> {
    let costs = ["totalCost", "costUSD", "cost"];
    let cost = costs.iter().find_map(|key| row.get(*key)?.as_f64())?;
    (cost.is_finite() && cost >= 0.0).then(|| Usd::new(cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_output_is_refused() {
        for text in ["", "[]", "{\"daily\": [{}]}", "{\"daily\": []}", "{\"a\": 1}"] {
            let error = read_ccusage("x.json", text).unwrap_err().to_string();
            assert!(error.starts_with("x.json: ") && error.contains("ccusage"), "{error}");
        }
    }
}
