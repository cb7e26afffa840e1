//! Files of a study: a page, and its charts as pictures.

use std::path::Path;

use rayon::prelude::*;

use crate::cli::files::Staged;
use crate::cli::{CliError, Shell};
use crate::report::Picture;

/// Where a page and its pictures go, if anywhere.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::simulate) struct Places<'a> {
    pub(in crate::cli::simulate) page: Option<&'a Path>,
    pub(in crate::cli::simulate) figures: Option<&'a Path>,
}

impl Places<'_> {
    /// Makes sure that the page and the pictures can be written before they are computed.
    pub(in crate::cli::simulate) fn probe(self) -> Result<(), CliError> {
        self.page.map_or(Ok(()), Staged::probe)?;
        let Some(folder) = self.figures else { return Ok(()) };
        std::fs::create_dir_all(folder)
            .map_err(|source| CliError::Create { path: folder.into(), source })?;
        Staged::probe(&folder.join("ladder.svg"))
    }

    /// Writes what is wanted of `page` and `pictures`, all or none.
    pub(in crate::cli::simulate) fn keep(
        self,
        page: impl FnOnce() -> String,
        pictures: impl FnOnce() -> Vec<Picture>,
        shell: &Shell,
    ) -> Result<(), CliError> {
        let mut staged = Staged::default();
        if let Some(path) = self.page {
            staged.add(path, page().as_bytes())?;
        }
        let mut count = 0;
        if let Some(folder) = self.figures {
            let pictures: Vec<_> = pictures()
                .into_par_iter()
                .map(|picture| (picture.svg(), picture.png(), picture.name))
                .collect();
            count = pictures.len();
            for (svg, png, name) in pictures {
                staged.add(&folder.join(format!("{name}.svg")), svg.as_bytes())?;
                staged.add(&folder.join(format!("{name}.png")), &png)?;
            }
        }
        staged.commit()?;
        if let Some(path) = self.page {
            shell.inform(format!("The report is in {}", path.display()));
        }
        if let Some(folder) = self.figures {
            shell.inform(format!("{count} charts are in {}, as SVG and PNG", folder.display()));
        }
        Ok(())
    }
}
