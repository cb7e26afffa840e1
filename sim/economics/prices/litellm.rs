//! `LiteLLM`'s price file: dollars per token by model, under its own keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::price::{ApiPrice, Rates, Tier};
use crate::units::UsdPerToken;

/// An entry that documents the format.
const SAMPLE: &str = "sample_spec";

/// Limits that keys name: `input_cost_per_token_above_272k_tokens`.
const LIMITS_K: [u64; 4] = [128, 200, 256, 272];

/// Reads every model that has a price of tokens.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, ApiPrice>, String> {
    let models: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let priced = models.iter().filter(|(name, _)| *name != SAMPLE);
    let prices = priced.filter_map(|(name, entry)| Some((name.clone(), price(name, entry)?)));
    let prices: BTreeMap<_, _> = prices.collect();
    if prices.is_empty() {
        return Err("holds no model with `input_cost_per_token`".into());
    }
    Ok(prices)
}

fn price(name: &str, entry: &Value) -> Option<ApiPrice> {
    let mut tiers = ranges(entry);
    let rates = match rates(entry, "", None) {
        Some(rates) => rates,
        None if tiers.is_empty() => return None,
        // The first range is that of ordinary calls.
        None => tiers.remove(0).rates,
    };
    let above = LIMITS_K.into_iter().filter_map(|limit| {
        let suffix = format!("_above_{limit}k_tokens");
        let key = format!("input_cost_per_token{suffix}");
        entry.get(&key)?;
        Some(Tier { above: limit * 1000, rates: self::rates(entry, &suffix, Some(&rates))? })
    });
    tiers.extend(above);
    Some(ApiPrice {
        model: name.into(),
        rates,
        tiers,
        fast: entry.pointer("/provider_specific_entry/fast").and_then(Value::as_f64),
        source: entry.get("source").and_then(Value::as_str).map(Into::into),
    })
}

/// `tiered_pricing`, shortest prompts first.
fn ranges(entry: &Value) -> Vec<Tier> {
    let ranges = entry.get("tiered_pricing").and_then(Value::as_array);
    let tiers = ranges.into_iter().flatten().filter_map(|range| {
        let above = range.pointer("/range/0")?.as_f64()? as u64;
        Some(Tier { above, rates: rates(range, "", None)? })
    });
    tiers.collect()
}

/// The rates under keys with `suffix`; those that are missing are as in `base`, else as input.
fn rates(entry: &Value, suffix: &str, base: Option<&Rates>) -> Option<Rates> {
    let given = |key: &str| {
        let price = entry.get(format!("{key}{suffix}"))?.as_f64()?;
        (price.is_finite() && price >= 0.0).then(|| UsdPerToken::new(price))
    };
    let input = given("input_cost_per_token").or(base.map(|base| base.input))?;
    let output = given("output_cost_per_token").or(base.map(|base| base.output))?;
    let write = given("cache_creation_input_token_cost");
    let write = write.or(base.map(|base| base.write_beyond(input))).unwrap_or(input);
    let write_1h = given("cache_creation_input_token_cost_above_1hr");
    let read = given("cache_read_input_token_cost").or(base.map(|base| base.cache_read));
    Some(Rates {
        input,
        cache_write: write,
        cache_write_1h: write_1h.unwrap_or(write),
        cache_read: read.unwrap_or(input),
        output,
    })
}

#[cfg(test)]
mod tests {
    use super::super::PriceBook;
    use super::*;

    const FILE: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/usage/litellm-sample.json"));

    #[test]
    fn the_shipped_table_agrees_with_the_file_that_it_was_made_from() {
        let (ours, theirs) = (PriceBook::embedded(), read(FILE).unwrap());
        assert_eq!(theirs.len(), 5);
        for (name, theirs) in theirs {
            let ours = ours.price(&name).unwrap();
            let close = |a: &Rates, b: &Rates| {
                let pairs = [
                    (a.input, b.input),
                    (a.cache_write, b.cache_write),
                    (a.cache_write_1h, b.cache_write_1h),
                    (a.cache_read, b.cache_read),
                    (a.output, b.output),
                ];
                pairs.iter().all(|(a, b)| (a.get() - b.get()).abs() < 1e-12)
            };
            assert!(close(&ours.rates, &theirs.rates), "{name}");
            assert_eq!(ours.tiers.len(), theirs.tiers.len(), "{name}");
            let mut tiers = ours.tiers.iter().zip(&theirs.tiers);
            assert!(tiers.all(|(a, b)| a.above == b.above && close(&a.rates, &b.rates)), "{name}");
            assert_eq!(ours.fast, theirs.fast, "{name}");
        }
    }

    #[test]
    fn what_is_no_price_file_is_told() {
        assert!(read("{\"a\": {}}").unwrap_err().contains("no model"));
        assert!(read("[").is_err());
    }
}
