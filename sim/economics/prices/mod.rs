//! API list prices: what a provider charges for a call's tokens, by kind.

mod book;
mod litellm;
mod price;
mod tokens;

pub use book::{PriceBook, PriceError};
pub use price::{ApiPrice, Rates, Tier};
pub use tokens::BilledTokens;
