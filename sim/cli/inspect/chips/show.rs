//! `memwall chips show`.

use std::path::Path;

use serde::Serialize;

use super::rows::ChipRow;
use crate::cli::specs::{catalog, is_file, name_in};
use crate::cli::terminal::class_name;
use crate::cli::{CliError, Column, Exit, Shell, Table, files};
use crate::hardware::{Catalog, Chip, FigureRow, System};

#[derive(Serialize)]
struct ChipDocument<'a> {
    #[serde(flatten)]
    chip: ChipRow<'a>,
    aliases: &'a [String],
    figures: &'a [FigureRow],
}

#[derive(Serialize)]
struct SystemDocument<'a> {
    name: &'a str,
    title: &'a str,
    maker: &'a str,
    chip: &'a str,
    accelerators: u32,
    scale_up_domain: u32,
    aliases: &'a [String],
    figures: &'a [FigureRow],
}

pub(super) fn run(which: &str, shell: &mut Shell) -> Result<Exit, CliError> {
    let mut catalog = catalog(shell)?;
    let mut name = which.to_owned();
    if is_file(which) {
        let text = files::text(Path::new(which), "a TOML file of a chip")?;
        name = name_in(which, &text)?;
        catalog = catalog.overlaid(&[(which.into(), text)])?;
    }
    match (catalog.chip(&name), catalog.system(&name)) {
        (Ok(chip), _) => show_chip(&catalog, chip, shell)?,
        (Err(_), Ok(system)) => show_system(&catalog, system, shell)?,
        (Err(unknown), Err(_)) => return Err(unknown.into()),
    }
    Ok(Exit::Done)
}

fn show_chip(catalog: &Catalog, chip: &Chip, shell: &mut Shell) -> Result<(), CliError> {
    let figures = catalog.figures(&chip.name);
    if shell.json() {
        let document = ChipDocument { chip: chip.into(), aliases: &chip.aliases, figures: &figures };
        return shell.document("memwall.chip/1", &document);
    }
    shell.heading(format!("{} ({}, {})", chip.title, chip.name, chip.maker))?;
    if let Err(missing) = chip.simulable() {
        shell.line(missing)?;
    }
    show_figures(&figures, shell)
}

fn show_system(catalog: &Catalog, system: &System, shell: &mut Shell) -> Result<(), CliError> {
    let figures = catalog.system_figures(&system.name);
    if shell.json() {
        return shell.document(
            "memwall.system/1",
            &SystemDocument {
                name: &system.name,
                title: &system.title,
                maker: &system.maker,
                chip: &system.chip,
                accelerators: system.accelerators,
                scale_up_domain: system.domain,
                aliases: &system.aliases,
                figures: &figures,
            },
        );
    }
    shell.heading(format!("{} ({}, {})", system.title, system.name, system.maker))?;
    shell.line(format!("{} × {}", system.accelerators, system.chip))?;
    show_figures(&figures, shell)
}

fn show_figures(figures: &[FigureRow], shell: &mut Shell) -> Result<(), CliError> {
    shell.line("")?;
    let columns = ["figure", "value", "class", "source", "date"].map(Column::Text);
    let mut table = Table::new(&columns);
    for figure in figures {
        table.row([
            figure.key.clone(),
            figure.value.clone(),
            class_name(figure.class).into(),
            figure.source.clone(),
            figure.date.clone().unwrap_or_default(),
        ]);
    }
    shell.table(table)?;
    let notes = figures.iter().filter_map(|figure| Some((&figure.key, figure.note.as_ref()?)));
    for (i, (key, note)) in notes.enumerate() {
        if i == 0 {
            shell.line("")?;
        }
        shell.line(format!("{key}: {}", note.trim()))?;
    }
    Ok(())
}
