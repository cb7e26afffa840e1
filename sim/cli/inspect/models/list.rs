//! `memwall models list`.

use serde::Serialize;

use super::rows::ModelRow;
use crate::cli::terminal::{count, parameters};
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::model::Catalog;
use crate::units::Bytes;

#[derive(Serialize)]
struct Models<'a> {
    models: Vec<ModelRow<'a>>,
}

pub(super) fn run(shell: &mut Shell) -> Result<Exit, CliError> {
    let models = Catalog::embedded().models();
    let models: Vec<_> = models.iter().map(ModelRow::from).collect();
    if shell.json() {
        shell.document("memwall.models/1", &Models { models })?;
    } else {
        shell.table(table(&models))?;
        shell.line(
            "\nWeights and KV in the checkpoint's own formats; KV without sliding windows.",
        )?;
    }
    Ok(Exit::Done)
}

fn table(models: &[ModelRow<'_>]) -> Table {
    let mut table = Table::new(&[
        Column::Name("model"),
        Column::Number("params"),
        Column::Number("active"),
        Column::Number("layers"),
        Column::Number("context"),
        Column::Number("weights"),
        Column::Number("KV per token"),
        Column::Text("KV format"),
    ]);
    for model in models {
        table.row([
            model.name.into(),
            parameters(model.params_total),
            parameters(model.params_active),
            count(model.layers as u64),
            count(u64::from(model.context_tokens)),
            Bytes::new(model.weight_bytes as f64).to_string(),
            Bytes::new(model.kv_bytes_per_token).to_string(),
            model.kv_format.to_string(),
        ]);
    }
    table
}
