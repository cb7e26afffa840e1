//! Files of a ladder: the page, and its charts as pictures.

use std::path::Path;

use rayon::prelude::*;

use crate::cli::files::Staged;
use crate::cli::{CliError, Shell};
use crate::report::{WallReport, render_wall_page, wall_pictures};

/// Makes sure that the page and the pictures can be written before they are computed.
pub(super) fn probe(page: Option<&Path>, figures: Option<&Path>) -> Result<(), CliError> {
    page.map_or(Ok(()), Staged::probe)?;
    let Some(folder) = figures else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|source| CliError::Create { path: folder.into(), source })?;
    Staged::probe(&folder.join("ladder.svg"))
}

/// Writes the page of `report` to `page`, and its charts into the folder `figures`, all or none.
pub(super) fn keep(
    report: &WallReport,
    (page, figures): (Option<&Path>, Option<&Path>),
    shell: &Shell,
) -> Result<(), CliError> {
    let mut staged = Staged::default();
    if let Some(path) = page {
        staged.add(path, render_wall_page(report).as_bytes())?;
    }
    let mut count = 0;
    if let Some(folder) = figures {
        let pictures: Vec<_> = wall_pictures(report)
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
    if let Some(path) = page {
        shell.inform(format!("The report is in {}", path.display()));
    }
    if let Some(folder) = figures {
        shell.inform(format!("{count} charts are in {}, as SVG and PNG", folder.display()));
    }
    Ok(())
}
