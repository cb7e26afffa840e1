//! `memwall chips show`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::rows::ChipRow;
use crate::cli::specs::{catalog, is_file, name_in};
use crate::cli::terminal::class_name;
use crate::cli::{CliError, Column, Exit, Shell, Table, files};
use crate::hardware::{Catalog, Chip, FigureRow, Ports, Source, System};

#[derive(Serialize)]
struct ChipDocument<'a> {
    #[serde(flatten)]
    chip: ChipRow<'a>,
    aliases: &'a [String],
    /// How the chips of a domain are linked; null if no link of it is known.
    wiring: Option<String>,
    #[serde(flatten)]
    figures: Figures<'a>,
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
    #[serde(flatten)]
    figures: Figures<'a>,
}

/// Figures, and what the keys in their `source` stand for.
#[derive(Serialize)]
struct Figures<'a> {
    figures: Vec<FigureRow>,
    sources: BTreeMap<String, SourceRow<'a>>,
}

#[derive(Serialize)]
struct SourceRow<'a> {
    title: &'a str,
    date: Option<&'a str>,
    terms: &'a str,
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
    let figures = Figures::of(catalog.figures(&chip.name), catalog);
    let wiring = chip.scale_up.as_ref().map(|_| chip.fabric.wiring.to_string());
    if shell.json() {
        let document = ChipDocument { chip: chip.into(), aliases: &chip.aliases, wiring, figures };
        return shell.document("memwall.chip/1", &document);
    }
    shell.heading(format!("{} ({}, {})", chip.title, chip.name, chip.maker))?;
    if let Err(missing) = chip.simulable() {
        shell.line(missing)?;
    }
    if let Some(wiring) = wiring {
        let system = chip.system.as_ref().map_or_else(String::new, |name| format!(" of {name}"));
        let domain = Ports::of(chip).domain;
        shell.line(format!(
            "{domain} chips in a domain{system}, wiring: {wiring} (`memwall chips links {}`)",
            chip.name
        ))?;
    }
    figures.print(shell)
}

fn show_system(catalog: &Catalog, system: &System, shell: &mut Shell) -> Result<(), CliError> {
    let figures = Figures::of(catalog.system_figures(&system.name), catalog);
    if shell.json() {
        let document = SystemDocument {
            name: &system.name,
            title: &system.title,
            maker: &system.maker,
            chip: &system.chip,
            accelerators: system.accelerators,
            scale_up_domain: system.domain,
            aliases: &system.aliases,
            figures,
        };
        return shell.document("memwall.system/1", &document);
    }
    shell.heading(format!("{} ({}, {})", system.title, system.name, system.maker))?;
    shell.line(format!("{} × {}", system.accelerators, system.chip))?;
    figures.print(shell)
}

impl<'a> Figures<'a> {
    fn of(figures: Vec<FigureRow>, catalog: &'a Catalog) -> Self {
        let keys = figures.iter().flat_map(|figure| figure.source.split(';').map(str::trim));
        let sources = keys.filter_map(|key| {
            let source = catalog.source(key)?;
            let Source { title, date, terms } = source;
            Some((key.to_owned(), SourceRow { title, date: date.as_deref(), terms }))
        });
        Self { sources: sources.collect(), figures }
    }

    fn print(&self, shell: &mut Shell) -> Result<(), CliError> {
        let mut table = Table::new(&[
            Column::Name("figure"),
            Column::Text("value"),
            Column::Name("class"),
            Column::Text("source"),
            Column::Name("date"),
        ]);
        for figure in &self.figures {
            table.row([
                figure.key.clone(),
                figure.value.clone(),
                class_name(figure.class).into(),
                figure.source.clone(),
                figure.date.clone().unwrap_or_default(),
            ]);
        }
        shell.line("")?;
        shell.table(table)?;
        shell.line("")?;
        for figure in &self.figures {
            if let Some(note) = &figure.note {
                shell.line(format!("{}: {}", figure.key, note.trim()))?;
            }
        }
        shell.line("")?;
        shell.heading("Sources")?;
        for (key, source) in &self.sources {
            let date = source.date.map_or(String::new(), |date| format!(" ({date})"));
            shell.line(format!("{key}: {}{date}", source.title))?;
        }
        Ok(())
    }
}
