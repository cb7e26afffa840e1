//! Where a page goes.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::files::Staged;
use crate::cli::{CliError, Shell};
use crate::report::{Sheet, render_sheet};

/// The page.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct PageFlags {
    /// Write an HTML page with charts, too: one file that fetches nothing
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl PageFlags {
    /// Makes sure that the page can be written before anything is computed.
    pub(in crate::cli) fn probe(&self) -> Result<(), CliError> {
        self.report.as_deref().map_or(Ok(()), Staged::probe)
    }

    /// Writes the page that `sheet` makes, with `document` inside.
    pub(in crate::cli) fn keep(
        &self,
        sheet: impl FnOnce() -> Sheet,
        document: &impl Serialize,
        shell: &Shell,
    ) -> Result<(), CliError> {
        let Some(path) = &self.report else { return Ok(()) };
        let mut staged = Staged::default();
        staged.add(path, render_sheet(&sheet(), document).as_bytes())?;
        staged.commit()?;
        shell.inform(format!("The report is in {}", path.display()));
        Ok(())
    }
}
