//! `memwall calibrate --bands`.

use std::path::Path;

use super::calibrate::{Source, fit_all, folder, predicted};
use super::rows::{Document, Fitted, left_rows, rows};
use crate::cli::{CliError, Shell, files};
use crate::cost::Calibration;
use crate::fidelity::Evidence;
use crate::fidelity::fit::{Fit, Group, Place, Rule, groups};
use crate::hardware::Chip;

/// The file's name.
const FILE: &str = "bands-kernels.toml";

/// Fits the chips with HBM, and leaves the newest generation out: all of it, and its later chips.
pub(super) fn deviations(
    sources: &[Source],
    calibration: &Calibration,
    (data, out): (&Path, Option<&Path>),
    shell: &Shell,
    document: &mut Document,
) -> Result<(), CliError> {
    let mut evidence = Evidence::default();
    for source in sources {
        let counts = |group: &Group| matches!(group.place, Place::Chip(_)) && group.has_hbm();
        let groups: Vec<Group> = groups(source.family, &source.harvest, calibration)
            .into_iter()
            .filter(counts)
            .collect();
        let total = groups.iter().map(|group| group.len() as u64).sum();
        let fits = fit_all(&groups, &shell.progress("fitting", total));
        let pairs: Vec<(&Group, &Fit)> = groups.iter().zip(&fits).collect();
        for (group, fit) in &pairs {
            evidence.add_fit(source.family.name, group, fit);
        }
        let fitted: Vec<Fitted> = pairs.iter().map(|&(group, fit)| (group, fit, None)).collect();
        document.rows.extend(rows(source.family, &fitted));
    }
    let newest = Calibration::newest_pool();
    let is_new = |chip: &Chip| calibration.pool(chip).is_some_and(|pool| pool == newest);
    let is_later = |chip: &Chip| is_new(chip) && chip.generation != newest;
    let rules = [Rule::CHOSEN];
    let first = predicted(sources, calibration, &is_new, &rules, shell);
    let later = predicted(sources, calibration, &is_later, &rules, shell);
    evidence.add_left_out(&first, &later);
    for of_family in first.chunk_by(|a, b| a.family == b.family) {
        document.rows.extend(left_rows(of_family));
    }
    let text = evidence.toml().ok_or_else(|| CliError::Flag {
        flag: "--bands",
        value: data.display().to_string(),
        problem: format!("too few kernels of {}", evidence.missing().join(", ")),
        remedy: "name a folder with every table, of two generations".into(),
    })?;
    let Some(out) = out else { return Ok(()) };
    folder(out)?;
    let path = out.join(FILE);
    let mut staged = files::Staged::default();
    staged.add(&path, text.as_bytes())?;
    staged.commit()?;
    document.written.push(path.display().to_string());
    shell.inform(format!("wrote {}", path.display()));
    Ok(())
}
