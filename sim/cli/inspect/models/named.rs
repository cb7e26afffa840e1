//! A model by name, or from its configuration file.

use std::path::{Path, PathBuf};

use crate::cli::{CliError, Shell, files, specs};
use crate::model::{Catalog, Model, import};

/// The catalogue's model of this name, or the one that a Hugging Face `config.json` describes.
///
/// Below `--specs`, `NAME.json` goes before the catalogue. A folder means the `config.json` in it,
/// and a `hf_quant_config.json` beside a configuration is read too; beside `NAME_config.json` that
/// is `NAME_hf_quant_config.json`.
pub(in crate::cli) fn model_named(argument: &str, shell: &Shell) -> Result<Model, CliError> {
    let Some(config) = config_file(argument, shell) else {
        return Ok(Catalog::embedded().model(argument)?);
    };
    let text = files::text(&config, "a Hugging Face config.json")?;
    let name = config.file_name().unwrap_or_default().to_string_lossy();
    let prefix = name.strip_suffix("config.json").unwrap_or_default();
    let beside = config.with_file_name(format!("{prefix}hf_quant_config.json"));
    let quant = beside
        .is_file()
        .then(|| files::text(&beside, "a Hugging Face hf_quant_config.json"))
        .transpose()?;
    Ok(import(&config.display().to_string(), &text, quant.as_deref())?)
}

fn config_file(argument: &str, shell: &Shell) -> Option<PathBuf> {
    let path = Path::new(argument);
    if path.is_dir() {
        return Some(path.join("config.json"));
    }
    if specs::is_file(argument) {
        return Some(path.into());
    }
    let own = shell.specs()?.join(format!("{argument}.json"));
    own.is_file().then_some(own)
}
