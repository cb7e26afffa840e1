//! Which API prices are used.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{CliError, files};
use crate::economics::PriceBook;

/// The price list.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct PriceFlags {
    /// API list prices: LiteLLM's `model_prices_and_context_window.json`, or a TOML
    /// [default: the built-in table]
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

impl PriceFlags {
    /// Reads it.
    pub(in crate::cli) fn read(&self) -> Result<PriceBook, CliError> {
        let Some(path) = &self.prices else { return Ok(PriceBook::embedded()) };
        let text = files::text(path, "LiteLLM's JSON or a TOML of prices")?;
        let file = path.display().to_string();
        let is_toml = path.extension().is_some_and(|end| end == "toml");
        let read = if is_toml { PriceBook::from_toml } else { PriceBook::from_litellm };
        Ok(read(&file, &text)?)
    }
}
