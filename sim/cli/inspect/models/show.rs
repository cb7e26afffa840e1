//! `memwall models show`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::named::model_named;
use super::ops::{OpsFlags, Step};
use super::rows::{BlockRow, FormatRow, ModelRow};
use crate::cli::files::Staged;
use crate::cli::terminal::{count, known, parameters};
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::model::{Catalog, Model, forward};
use crate::units::Bytes;

const EXAMPLES: &str = "\
Examples:
  memwall models show deepseek-r1
  memwall models show path/to/config.json --json
  memwall models show llama-3.1-70b --ops --chip h100-sxm --plan tp8 --batch 64 --context 8192";

/// Flags of `models show`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Show {
    /// A model of the catalogue, or a Hugging Face config.json
    #[arg(value_name = "NAME|FILE")]
    which: String,
    #[command(flatten)]
    ops: OpsFlags,
    /// Write the operator graph in Graphviz' language
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
}

#[derive(Serialize)]
struct ModelDocument<'a> {
    #[serde(flatten)]
    model: ModelRow<'a>,
    aliases: &'a [&'a str],
    formats: Vec<FormatRow>,
    blocks: Vec<BlockRow>,
    left_out: &'a [&'a str],
    /// Null unless asked for.
    step: Option<Step>,
}

impl Show {
    pub(super) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let model = model_named(&self.which, shell)?;
        let document = ModelDocument {
            model: ModelRow::from(&model),
            aliases: Catalog::embedded().aliases(&model.name),
            formats: FormatRow::all(&model),
            blocks: BlockRow::all(&model),
            left_out: &model.left_out,
            step: self.ops.wanted().then(|| self.ops.price(&model, shell)).transpose()?,
        };
        self.write_graph(&model, shell)?;
        if shell.json() {
            shell.document("memwall.model/1", &document)?;
        } else {
            document.print(shell)?;
        }
        Ok(Exit::Done)
    }

    fn write_graph(&self, model: &Model, shell: &Shell) -> Result<(), CliError> {
        let Some(path) = &self.dot else { return Ok(()) };
        let graph = forward(model, &self.ops.plan, &self.ops.precision(model))?;
        let mut staged = Staged::default();
        staged.add(path, graph.to_dot().as_bytes())?;
        staged.commit()?;
        shell.inform(format!("The operator graph is in {}", path.display()));
        Ok(())
    }
}

impl ModelDocument<'_> {
    fn print(&self, shell: &mut Shell) -> Result<(), CliError> {
        let model = &self.model;
        shell.heading(format!("{} ({})", model.name, model.architecture))?;
        shell.line(format!(
            "{} parameters, {} active; {} layers; context of {} tokens",
            parameters(model.params_total),
            parameters(model.params_active),
            model.layers,
            count(u64::from(model.context_tokens))
        ))?;
        shell.line(format!(
            "{} of weights; {} of KV per token in {}, {} a sequence whatever its length",
            Bytes::new(model.weight_bytes as f64),
            Bytes::new(model.kv_bytes_per_token),
            model.kv_format,
            Bytes::new(model.state_bytes_per_sequence),
        ))?;
        if !self.left_out.is_empty() {
            shell.line(format!("Not modelled: {}", self.left_out.join(", ")))?;
        }
        shell.line("")?;
        shell.table(self.blocks())?;
        shell.line("")?;
        shell.table(self.formats())?;
        self.step.as_ref().map_or(Ok(()), |step| step.print(shell))
    }

    fn blocks(&self) -> Table {
        let mut table = Table::new(&[
            Column::Number("layers"),
            Column::Name("mixer"),
            Column::Text("feed-forward"),
            Column::Number("params each"),
        ]);
        for block in &self.blocks {
            table.row([
                count(u64::from(block.count)),
                known(block.mixer),
                known(block.feed_forward.as_ref()),
                parameters(block.params),
            ]);
        }
        table
    }

    fn formats(&self) -> Table {
        let mut table = Table::new(&[
            Column::Name("matrices"),
            Column::Text("format"),
            Column::Number("params"),
        ]);
        for row in &self.formats {
            table.row([row.group.into(), row.format.to_string(), parameters(row.params)]);
        }
        table
    }
}
