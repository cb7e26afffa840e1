//! What usage comes to in dollars.

use super::call::{LoggedCall, UsageLog};
use crate::economics::prices::{BilledTokens, PriceBook};
use crate::units::Usd;

/// Tokens and dollars of some calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bill {
    /// Calls.
    pub calls: u64,
    /// Their tokens.
    pub tokens: BilledTokens,
    /// Recorded cost where the log has it, list price elsewhere; calls without either add nothing.
    pub usd: Usd,
    /// Every call at list price.
    pub usd_at_list: Usd,
    /// Tokens of calls with neither record nor price.
    pub unpriced: u64,
    /// Tokens of calls without a list price.
    pub unlisted: u64,
}

impl Bill {
    /// The bill of every call that `belongs`.
    pub fn of<'a>(calls: impl IntoIterator<Item = &'a LoggedCall>, book: &PriceBook) -> Self {
        calls.into_iter().fold(Self::default(), |mut bill, call| {
            bill.add(call, book);
            bill
        })
    }

    fn add(&mut self, call: &LoggedCall, book: &PriceBook) {
        self.calls += 1;
        self.tokens += call.tokens;
        let price = book.price(&call.model);
        let listed = price.and_then(|price| price.call(&call.tokens, call.is_fast));
        match call.recorded.or(listed) {
            Some(usd) => self.usd += usd,
            None => self.unpriced += call.tokens.total(),
        }
        match listed {
            Some(usd) => self.usd_at_list += usd,
            None => self.unlisted += call.tokens.total(),
        }
    }
}

impl UsageLog {
    /// The bill of everything.
    pub fn bill(&self, book: &PriceBook) -> Bill {
        Bill::of(&self.calls, book)
    }

    /// Bills by what `key` says of a call, in the order of the keys.
    pub fn bills_by(
        &self,
        book: &PriceBook,
        key: impl Fn(&LoggedCall) -> Option<String>,
    ) -> Vec<(String, Bill)> {
        let mut bills = std::collections::BTreeMap::<String, Bill>::new();
        for call in &self.calls {
            if let Some(key) = key(call) {
                bills.entry(key).or_default().add(call, book);
            }
        }
        bills.into_iter().collect()
    }
}
