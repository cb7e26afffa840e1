//! `memwall calibrate`.

use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;

use super::deviations::deviations;
use super::floors::{TwinRow, print_floors};
use super::rows::{Document, Fitted, left_rows, rows, table};
use crate::cli::specs::catalog;
use crate::cli::terminal::{Progress, counted};
use crate::cli::{CliError, Exit, Shell, files};
use crate::cost::Calibration;
use crate::fidelity::fit::{
    Case, FAMILIES, Family, Fit, Floor, Group, Harvest, Outcome, Rule, cases, family_named, groups,
    layers, toml, twins,
};
use crate::hardware::{Catalog, Chip};

const EXAMPLE: &str = "\
Examples:
  memwall calibrate --data kernels
  memwall calibrate --data kernels --family gemm,nccl --out hw-specs/calibration
  memwall calibrate --data kernels --family gemm --floor
  memwall calibrate --data kernels --family gemm --leave-out b200-sxm,gb200
  memwall calibrate --data kernels --bands --out hw-specs/calibration";

/// Fit the cost model's constants to tables of measured kernels, and say how well they predict
#[derive(Args, Debug)]
#[command(after_help = EXAMPLE)]
pub(in crate::cli) struct Calibrate {
    /// The folder of the tables: `gemm.csv`, `attention_context.csv`, …
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Only these families; all by default
    #[arg(long, value_name = "FAMILY", value_delimiter = ',')]
    family: Vec<String>,
    /// Refit without these chips, or all of a generation, and predict them as chips that nobody has
    /// measured
    #[arg(long, value_name = "CHIP|GENERATION", value_delimiter = ',', conflicts_with = "out")]
    leave_out: Vec<String>,
    /// Fit how far the constants may be off: on shapes left out, and on a generation left out
    #[arg(long, conflicts_with_all = ["family", "leave_out"])]
    bands: bool,
    /// Also say what the tables themselves say of the held-out shapes, alone and of what the forms
    /// miss, and how far the same kernel is from itself
    #[arg(long, conflicts_with_all = ["leave_out", "bands"])]
    floor: bool,
    /// Write a file for each family, or that of the bands, into this folder; without it, only
    /// report
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A family and what its table holds.
pub(super) struct Source {
    pub(super) family: &'static Family,
    pub(super) harvest: Harvest,
}

impl Calibrate {
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let families = self.families()?;
        let catalog = catalog(shell)?;
        let left_out = left_out(&self.leave_out, &catalog)?;
        let sources = self.read(&families, &catalog)?;
        let faults: Vec<String> = sources
            .iter()
            .flat_map(|source| &source.harvest.faults)
            .map(ToString::to_string)
            .collect();
        for fault in &faults {
            shell.warn(fault);
        }
        if sources.iter().all(|source| source.harvest.is_empty()) {
            return Err(CliError::Flag {
                flag: "--data",
                value: self.data.display().to_string(),
                problem: "no table has a usable row of the families asked for".into(),
                remedy: "see the warnings, and give the folder that holds the tables".into(),
            });
        }
        let calibration = Calibration::embedded();
        let mut document = Document { faults, ..Document::default() };
        if self.bands {
            let out = self.out.as_deref();
            deviations(&sources, calibration, (&self.data, out), shell, &mut document)?;
        } else if left_out.is_empty() {
            self.fit(&sources, calibration, shell, &mut document)?;
        } else {
            leave_out(&sources, calibration, &left_out, shell, &mut document);
        }
        if shell.json() {
            shell.document("memwall.calibrate/1", &document)?;
        } else {
            shell.table(table(&document))?;
            if self.floor {
                print_floors(&document, shell)?;
            }
        }
        Ok(Exit::Done)
    }

    /// Fits every group; writes what was asked for.
    fn fit(
        &self,
        sources: &[Source],
        calibration: &Calibration,
        shell: &Shell,
        document: &mut Document,
    ) -> Result<(), CliError> {
        self.out.as_deref().map_or(Ok(()), folder)?;
        let mut staged = files::Staged::default();
        let all: Vec<Vec<Group>> = sources
            .iter()
            .map(|source| groups(source.family, &source.harvest, calibration))
            .collect();
        let total = all.iter().flatten().map(|group| group.len() as u64).sum();
        let progress = shell.progress("fitting", total);
        for (source, groups) in sources.iter().zip(&all) {
            let fits = fit_all(groups, &progress);
            let pairs: Vec<(&Group, &Fit)> = groups.iter().zip(&fits).collect();
            let floors = if self.floor { floors(&pairs) } else { vec![None; pairs.len()] };
            let with = pairs.iter().zip(&floors);
            let fitted: Vec<Fitted> =
                with.map(|(of, floor)| (of.0, of.1, floor.as_ref())).collect();
            document.rows.extend(rows(source.family, &fitted));
            if self.floor {
                let twins = twins(&source.harvest, calibration, &pairs).into_iter();
                document.twins.extend(twins.map(|twins| TwinRow::of(source.family.name, twins)));
            }
            let Some(out) = &self.out else { continue };
            if pairs.is_empty() {
                shell.warn(format!(
                    "{}: too few rows for a fit; nothing written",
                    source.family.name
                ));
                continue;
            }
            let path = out.join(format!("{}.toml", source.family.name));
            staged.add(&path, toml(source.family, &pairs).as_bytes())?;
            document.written.push(path.display().to_string());
        }
        drop(progress);
        staged.commit()?;
        for path in &document.written {
            shell.inform(format!("wrote {path}"));
        }
        Ok(())
    }

    fn families(&self) -> Result<Vec<&'static Family>, CliError> {
        if self.family.is_empty() {
            return Ok(FAMILIES.iter().collect());
        }
        let known: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        let find = |name: &String| {
            family_named(name).ok_or_else(|| CliError::Flag {
                flag: "--family",
                value: name.clone(),
                problem: "no such family".into(),
                remedy: format!("choose among {}", known.join(", ")),
            })
        };
        self.family.iter().map(find).collect()
    }

    /// The tables of `families`; a folder that has none of them is a mistake.
    fn read(
        &self,
        families: &[&'static Family],
        catalog: &Catalog,
    ) -> Result<Vec<Source>, CliError> {
        let mut sources = Vec::new();
        for &family in families {
            let path = self.data.join(family.table);
            if path.exists() || !self.family.is_empty() {
                sources.push(source(family, &path, catalog)?);
            }
        }
        if sources.is_empty() {
            return Err(CliError::Flag {
                flag: "--data",
                value: self.data.display().to_string(),
                problem: "holds none of the tables".into(),
                remedy: format!("name a folder with {} or others", families[0].table),
            });
        }
        Ok(sources)
    }
}

fn source(family: &'static Family, path: &Path, catalog: &Catalog) -> Result<Source, CliError> {
    let text = files::text(path, "a CSV file of measured kernels")?;
    let harvest = family.harvest(&path.display().to_string(), &text, catalog);
    Ok(Source { family, harvest })
}

pub(super) fn fit_all(groups: &[Group], progress: &Progress) -> Vec<Fit> {
    let one = |group: &Group| {
        let fit = group.fit();
        progress.advance(group.len() as u64);
        fit
    };
    groups.par_iter().map(one).collect()
}

/// The floors of fits, in their order.
fn floors(fits: &[(&Group, &Fit)]) -> Vec<Option<Floor>> {
    fits.par_iter().map(|(group, fit)| group.floor(fit)).collect()
}

/// The chips that are left out; a generation stands for its chips.
pub(super) fn left_out(wanted: &[String], catalog: &Catalog) -> Result<Vec<String>, CliError> {
    let mut names = Vec::new();
    for name in wanted {
        let members = catalog.chips().filter(|chip| chip.generation == *name);
        let known = names.len();
        names.extend(members.map(|chip| chip.name.clone()));
        if names.len() == known {
            names.push(catalog.chip(name)?.name.clone());
        }
    }
    Ok(names)
}

/// The folder that files are written into, made if it is not there.
pub(super) fn folder(out: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(out).map_err(|source| CliError::Create { path: out.to_owned(), source })
}

/// Predicts what is left out, by every rule, and the layers that it makes.
fn leave_out(
    sources: &[Source],
    calibration: &Calibration,
    names: &[String],
    shell: &Shell,
    document: &mut Document,
) {
    let is_left = |chip: &Chip| names.contains(&chip.name);
    let outcomes = predicted(sources, calibration, &is_left, &Rule::ALL, shell);
    for of_family in outcomes.chunk_by(|a, b| a.family == b.family) {
        document.rows.extend(left_rows(of_family));
    }
    document.rows.extend(left_rows(&layers(&outcomes)));
    if document.rows.is_empty() {
        let count = counted(names.len(), "chip");
        shell.warn(format!("nothing measured of {count}, or no donor measured likewise"));
    }
}

/// What is predicted of the chips that are left out, by each of some rules, family by family.
pub(super) fn predicted<'a>(
    sources: &'a [Source],
    calibration: &'a Calibration,
    is_left: &dyn Fn(&Chip) -> bool,
    rules: &[Rule],
    shell: &Shell,
) -> Vec<Outcome<'a>> {
    let of = |source: &'a Source| cases(source.family, &source.harvest, calibration, is_left);
    let cases: Vec<Case> = sources.iter().flat_map(of).collect();
    let progress = shell.progress("predicting what is left out", cases.len() as u64);
    let one = |case: &Case<'a>| {
        let outcomes = case.outcomes(rules);
        progress.advance(1);
        outcomes
    };
    let outcomes: Vec<_> = cases.par_iter().map(one).collect();
    outcomes.into_iter().flatten().collect()
}
