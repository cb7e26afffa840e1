//! A synthetic workload with the token shares of somebody's totals.

use toml::Value;

use super::call::UsageError;
use super::shape::Base;
use crate::economics::prices::BilledTokens;
use crate::units::SimSpan;
use crate::workload::{Synthetic, TokenShares};

/// Sessions over which shares are taken, and rounds of adjustment.
const SESSIONS: u64 = 150;
const ROUNDS: usize = 12;

/// As the built-in workload is described: pages, and a window that does not summarise early.
const PAGE_TOKENS: u32 = 64;
const WINDOW: u32 = 200_000;
const SERVICE: SimSpan = SimSpan::from_ms(13_200);

/// Medians that are scaled.
const OUTPUT_MEDIAN: f64 = 217.0;
const RESULT_MEDIAN: f64 = 384.0;

/// `agentic-coding` with outputs and results scaled until output and fresh tokens have the shares
/// that `tokens` have of their prompts, as the text of a TOML file.
pub fn calibrated_workload(
    name: &str,
    source: &str,
    tokens: &BilledTokens,
) -> Result<String, UsageError> {
    let prompt = tokens.prompt() as f64;
    let wanted = [tokens.output as f64, prompt - tokens.cache_read as f64].map(|n| n / prompt);
    if !(wanted[0] > 0.0 && wanted[1] > 0.0 && tokens.cache_read > 0) {
        return Err(UsageError::NoShape {
            problem: format!("{source}: totals without output, fresh or cached prompt tokens"),
            remedy: "give totals of agents that use a cache, or the session logs",
        });
    }
    let mut medians = [OUTPUT_MEDIAN, RESULT_MEDIAN];
    for _ in 0..ROUNDS {
        let got = shares(&file(name, source, medians).text());
        for (median, (wanted, got)) in medians.iter_mut().zip(wanted.iter().zip(got)) {
            // Half steps: longer outputs also lengthen the prompts of later calls.
            *median = (*median * libm::sqrt(wanted / got)).clamp(1.0, 20_000.0);
        }
    }
    Ok(file(name, source, medians).text())
}

fn file(name: &str, source: &str, [output, result]: [f64; 2]) -> Base {
    let description = format!("agentic-coding with the token shares of {source}");
    let mut file = Base::read(name, &description);
    for (key, median) in [("output", output), ("result", result)] {
        let parameter = file.section(key);
        let shape = parameter.get_mut("value").and_then(|value| value.get_mut("log-normal"));
        let shape = shape.and_then(Value::as_table_mut).expect("the base draws log-normal");
        shape.insert("median".into(), Value::Integer(median.round() as i64));
        parameter.insert("source".into(), format!("fitted to the totals of {source}").into());
        parameter.insert("class".into(), "estimate".into());
    }
    file
}

/// Output and fresh tokens over prompt tokens.
fn shares(text: &str) -> [f64; 2] {
    let workload = Synthetic::parse("calibrated", text).expect("only medians were changed");
    let tasks = workload.tasks(0, PAGE_TOKENS, WINDOW).expect("the window is long enough");
    let tasks: Vec<_> = (0..SESSIONS).map(|index| tasks.task(index)).collect();
    let shares = TokenShares::of(&tasks, PAGE_TOKENS, None, SERVICE);
    let prompt = (shares.cached + shares.fresh) as f64;
    [shares.output as f64, shares.fresh as f64].map(|tokens| tokens / prompt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workload_bills_like_the_totals() {
        let tokens = BilledTokens {
            input: 2_000_000,
            cache_write: 4_000_000,
            cache_read: 94_000_000,
            output: 800_000,
            ..BilledTokens::default()
        };
        let text = calibrated_workload("mine", "totals", &tokens).unwrap();
        let [output, fresh] = shares(&text);
        assert!((output / 0.008 - 1.0).abs() < 0.05, "{output}");
        assert!((fresh / 0.06 - 1.0).abs() < 0.05, "{fresh}");
    }

    #[test]
    fn totals_without_a_cache_are_refused() {
        let tokens = BilledTokens { input: 10, output: 10, ..BilledTokens::default() };
        let error = calibrated_workload("mine", "t.json", &tokens).unwrap_err().to_string();
        assert!(error.starts_with("t.json: ") && error.contains("session logs"), "{error}");
    }
}
