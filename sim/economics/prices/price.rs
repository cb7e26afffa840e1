//! One model's price list.

use super::tokens::BilledTokens;
use crate::units::{Usd, UsdPerToken};

/// What each kind of token costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Prompt tokens outside any cache.
    pub input: UsdPerToken,
    /// Writes to a short-lived cache.
    pub cache_write: UsdPerToken,
    /// Writes to a cache of an hour.
    pub cache_write_1h: UsdPerToken,
    /// Reads from a cache.
    pub cache_read: UsdPerToken,
    /// Generated tokens.
    pub output: UsdPerToken,
}

impl Rates {
    /// What a write costs beyond a limit where that is not listed and fresh tokens cost `input`:
    /// as there, if writes are charged as input at all lengths, else as before.
    pub(super) fn write_beyond(&self, input: UsdPerToken) -> UsdPerToken {
        if self.cache_write == self.input { input } else { self.cache_write }
    }

    /// What `tokens` cost.
    pub fn cost(&self, tokens: &BilledTokens) -> Usd {
        self.input.cost(tokens.input)
            + self.cache_write.cost(tokens.cache_write)
            + self.cache_write_1h.cost(tokens.cache_write_1h)
            + self.cache_read.cost(tokens.cache_read)
            + self.output.cost(tokens.output)
    }
}

/// Rates of calls whose prompt is longer than a limit; the whole call is charged at them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier {
    /// The limit, in tokens.
    pub above: u64,
    /// The rates beyond it.
    pub rates: Rates,
}

/// The price list of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiPrice {
    /// Name at the provider.
    pub model: String,
    /// Rates of ordinary calls.
    pub rates: Rates,
    /// Rates of long calls, shortest first.
    pub tiers: Vec<Tier>,
    /// Multiple of all rates in the fast mode, if there is one.
    pub fast: Option<f64>,
    /// The provider's page, if named.
    pub source: Option<String>,
}

impl ApiPrice {
    /// The rates of a call with a prompt of `prompt` tokens.
    pub fn rates_for(&self, prompt: u64) -> &Rates {
        let tier = self.tiers.iter().rev().find(|tier| prompt > tier.above);
        tier.map_or(&self.rates, |tier| &tier.rates)
    }

    /// What one call costs; `None` if it asked for a fast mode whose price is not known.
    pub fn call(&self, tokens: &BilledTokens, is_fast: bool) -> Option<Usd> {
        let factor = if is_fast { self.fast? } else { 1.0 };
        Some(self.rates_for(tokens.prompt()).cost(tokens) * factor)
    }
}
