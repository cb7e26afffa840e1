//! All prices by model, from a table of one's own or LiteLLM's file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::litellm;
use super::price::{ApiPrice, Rates, Tier};
use crate::hardware::{Class, nearest};
use crate::units::UsdPerToken;

/// List prices by model.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceBook {
    /// Where they are from.
    pub title: String,
    /// When they were taken from there, if known.
    pub date: Option<String>,
    /// How far they can be trusted.
    pub class: Class,
    prices: BTreeMap<String, ApiPrice>,
}

/// A price table that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PriceError {
    /// It is not what it should be.
    #[error("{file}: {problem}; give LiteLLM's JSON, or a TOML like workloads/prices/api.toml")]
    Malformed {
        /// Which.
        file: String,
        /// What is wrong, and in which line.
        problem: String,
    },
    /// No such model in it.
    #[error("no list price of `{model}`{}", hint(similar.as_deref()))]
    UnknownModel {
        /// As asked for.
        model: String,
        /// The nearest that there is.
        similar: Option<String>,
    },
}

fn hint(similar: Option<&str>) -> String {
    similar.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BookFile {
    title: String,
    licence: Option<String>,
    date: Option<String>,
    class: Class,
    price: Vec<Row>,
}

/// A price in the file; what is left out is charged as input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    model: String,
    input: UsdPerToken,
    cache_write: Option<UsdPerToken>,
    cache_write_1h: Option<UsdPerToken>,
    cache_read: Option<UsdPerToken>,
    output: UsdPerToken,
    fast: Option<f64>,
    source: Option<String>,
    #[serde(default)]
    above: Vec<AboveRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AboveRow {
    tokens: u64,
    input: Option<UsdPerToken>,
    cache_write: Option<UsdPerToken>,
    cache_write_1h: Option<UsdPerToken>,
    cache_read: Option<UsdPerToken>,
    output: Option<UsdPerToken>,
}

impl From<Row> for ApiPrice {
    fn from(row: Row) -> Self {
        let cache_write = row.cache_write.unwrap_or(row.input);
        let rates = Rates {
            input: row.input,
            cache_write,
            cache_write_1h: row.cache_write_1h.unwrap_or(cache_write),
            cache_read: row.cache_read.unwrap_or(row.input),
            output: row.output,
        };
        let mut tiers: Vec<_> = row.above.iter().map(|above| above.over(&rates)).collect();
        tiers.sort_by_key(|tier| tier.above);
        Self { model: row.model, rates, tiers, fast: row.fast, source: row.source }
    }
}

impl AboveRow {
    /// The tier; what it leaves out stays at the ordinary rate.
    fn over(&self, rates: &Rates) -> Tier {
        let input = self.input.unwrap_or(rates.input);
        let cache_write = self.cache_write.unwrap_or_else(|| rates.write_beyond(input));
        let rates = Rates {
            input,
            cache_write,
            cache_write_1h: self.cache_write_1h.unwrap_or(cache_write),
            cache_read: self.cache_read.unwrap_or(rates.cache_read),
            output: self.output.unwrap_or(rates.output),
        };
        Tier { above: self.tokens, rates }
    }
}

impl PriceBook {
    /// The prices that the program carries.
    pub fn embedded() -> Self {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/prices/api.toml"));
        Self::from_toml("workloads/prices/api.toml", text).expect("a test reads the shipped table")
    }

    /// A table as `workloads/prices/api.toml` writes it.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, PriceError> {
        let book: BookFile = toml::from_str(text).map_err(|error| PriceError::Malformed {
            file: file.into(),
            problem: error.to_string().trim_end().into(),
        })?;
        let title = match book.licence {
            Some(licence) => format!("{} ({licence})", book.title),
            None => book.title,
        };
        let prices = book.price.into_iter().map(ApiPrice::from);
        let prices = prices.map(|price| (price.model.clone(), price)).collect();
        Ok(Self { title, date: book.date, class: book.class, prices })
    }

    /// `LiteLLM`'s `model_prices_and_context_window.json`.
    pub fn from_litellm(file: &str, text: &str) -> Result<Self, PriceError> {
        let prices = litellm::read(text)
            .map_err(|problem| PriceError::Malformed { file: file.into(), problem })?;
        Ok(Self { title: format!("LiteLLM, {file}"), date: None, class: Class::Reported, prices })
    }

    /// How many models have a price.
    pub fn len(&self) -> usize {
        self.prices.len()
    }

    /// Whether no model has one.
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }

    /// The price of a model by the name that logs give it: exactly, without a date at its end, or
    /// behind a provider's prefix (`zai/glm-5`).
    pub fn price(&self, model: &str) -> Option<&ApiPrice> {
        let undated = undated(model);
        self.prices.get(model).or_else(|| self.prices.get(undated)).or_else(|| {
            let mut prefixed = self.prices.iter();
            prefixed.find(|(name, _)| name.rsplit('/').next() == Some(undated)).map(|entry| entry.1)
        })
    }

    /// The price of a model, or the nearest name that has one.
    pub fn named(&self, model: &str) -> Result<&ApiPrice, PriceError> {
        self.price(model).ok_or_else(|| {
            let similar = nearest(model, self.prices.keys().map(String::as_str));
            PriceError::UnknownModel { model: model.into(), similar: similar.map(str::to_owned) }
        })
    }
}

/// `claude-haiku-4-5` of `claude-haiku-4-5-20251001`.
fn undated(model: &str) -> &str {
    match model.rsplit_once('-') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => model,
    }
}

#[cfg(test)]
mod tests {
    use super::super::BilledTokens;
    use super::*;

    #[test]
    fn the_shipped_table_is_read_and_each_price_has_its_order() {
        let book = PriceBook::embedded();
        assert!(book.len() >= 50);
        for price in book.prices.values() {
            let rates = price.rates;
            assert!(rates.cache_read <= rates.input && rates.input <= rates.output, "{price:?}");
        }
    }

    #[test]
    fn names_of_logs_find_their_price() {
        let book = PriceBook::embedded();
        let of = |name: &str| book.price(name).map(|price| price.model.as_str());
        assert_eq!(of("claude-haiku-4-5-20251001"), Some("claude-haiku-4-5"));
        assert_eq!(of("glm-5"), Some("zai/glm-5"));
        assert_eq!(of("no-such-model"), None);
        let error = book.named("claude-opus-48").unwrap_err().to_string();
        assert!(error.contains("did you mean `claude-opus-4-8`?"), "{error}");
    }

    #[test]
    fn a_long_prompt_is_charged_at_its_tier_as_a_whole() {
        let book = PriceBook::embedded();
        let price = book.price("gpt-5.4").unwrap();
        let call = |input| BilledTokens { input, output: 1000, ..BilledTokens::default() };
        let cost = |input| price.call(&call(input), false).unwrap().get();
        assert!((cost(272_000) - (272_000.0 * 2.5e-6 + 1000.0 * 15e-6)).abs() < 1e-9);
        assert!((cost(272_001) - (272_001.0 * 5e-6 + 1000.0 * 22.5e-6)).abs() < 1e-9);
        // No fast mode is listed for it.
        assert_eq!(price.call(&call(1), true), None);
    }

    #[test]
    fn a_broken_table_is_refused_by_line() {
        let error = PriceBook::from_toml("my.toml", "title = 1").unwrap_err().to_string();
        assert!(error.starts_with("my.toml: TOML parse error at line 1"), "{error}");
    }
}
