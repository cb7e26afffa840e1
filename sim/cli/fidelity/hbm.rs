//! `memwall hbm`: what a chip's memory gives of its pins' peak, by pattern.

use clap::Args;
use serde::Serialize;

use crate::cli::specs::catalog;
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::hardware::{Access, Class, Hbm, Losses, Pattern, Refresh};
use crate::units::significant;

const EXAMPLES: &str = "\
Examples:
  memwall hbm h100-sxm
  memwall hbm rubin --pattern stream --pattern paged:16KiB --reads 0.95
  memwall hbm b200-sxm --refresh all-bank --json";

/// Patterns that are shown if none is named.
const USUAL: [&str; 4] = ["stream", "paged:64KiB", "paged:16KiB", "random:64B"];

/// Flags of `hbm`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct HbmCommand {
    /// A chip of the catalogue, by name or alias
    #[arg(value_name = "CHIP")]
    chip: String,
    /// `stream` (weights), `paged:SIZE` (KV pages at random places), `random:SIZE`; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pattern: Vec<Pattern>,
    /// Share of reads, from 0 to 1; the rest are writes
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = share)]
    reads: f64,
    /// `per-bank`, `all-bank` or `none`; without it as the chip's spec says
    #[arg(long, value_name = "MODE")]
    refresh: Option<Refresh>,
}

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    chip: &'a str,
    memory: &'a str,
    stacks: u32,
    height: u32,
    pseudo_channels: u32,
    pin_rate_gbit_s: f64,
    peak_tb_s: f64,
    refresh: String,
    on_die: OnDieRow<'a>,
    patterns: Vec<Row>,
}

/// What is lost between pins and cores.
#[derive(Serialize)]
struct OnDieRow<'a> {
    factor: f64,
    measured_chips: u32,
    class: Class,
    source: &'a str,
}

/// A pattern and what it gets.
#[derive(Serialize)]
struct Row {
    pattern: String,
    reads: f64,
    /// Of the pins' peak, before the on-die factor.
    achieved_fraction: f64,
    achieved_tb_s: f64,
    /// What reaches the cores: times the on-die factor.
    to_cores_tb_s: f64,
    /// The rest of the time, by what the data bus waited for.
    loss: Losses,
}

impl HbmCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let catalog = catalog(shell)?;
        let chip = catalog.chip(&self.chip)?;
        let (Some(hbm), Some(stacks)) = (Hbm::of(&chip.memory), chip.memory.stacks) else {
            return Err(no_hbm(&self.chip, &chip.memory.kind));
        };
        let refresh = self.refresh.unwrap_or(hbm.refresh());
        let on_die = hbm.on_die();
        let patterns = self.patterns().into_iter().map(|pattern| {
            let achieved = hbm.achieved(Access { pattern, reads: self.reads, refresh });
            Row {
                pattern: pattern.to_string(),
                reads: self.reads,
                achieved_fraction: achieved.fraction,
                achieved_tb_s: achieved.bandwidth.get() / 1e12,
                to_cores_tb_s: achieved.bandwidth.get() * on_die.factor / 1e12,
                loss: achieved.losses,
            }
        });
        let document = Document {
            chip: &chip.name,
            memory: hbm.kind(),
            stacks: stacks.count,
            height: stacks.height,
            pseudo_channels: hbm.channels(),
            pin_rate_gbit_s: stacks.pin_rate / 1e9,
            peak_tb_s: stacks.bandwidth().get() / 1e12,
            refresh: refresh.to_string(),
            on_die: OnDieRow {
                factor: on_die.factor,
                measured_chips: on_die.n,
                class: on_die.class,
                source: &on_die.source,
            },
            patterns: patterns.collect(),
        };
        if shell.json() {
            shell.document("memwall.hbm/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    fn patterns(&self) -> Vec<Pattern> {
        if !self.pattern.is_empty() {
            return self.pattern.clone();
        }
        USUAL.iter().map(|text| text.parse().expect("the usual patterns are well-formed")).collect()
    }
}

fn no_hbm(chip: &str, kind: &str) -> CliError {
    let kind = if kind.is_empty() { "no known memory" } else { kind };
    CliError::Flag {
        flag: "hbm",
        value: chip.into(),
        problem: format!("it has {kind}, not stacks of HBM2 to HBM4E that are described in full"),
        remedy: "`memwall chips list` shows each chip's memory".into(),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    if (0.0..=1.0).contains(&share) {
        Ok(share)
    } else {
        Err("expected a share from 0 to 1".into())
    }
}

fn print(document: &Document<'_>, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(format!(
        "{}: {} × {} at {} Gbit/s, {} pseudo-channels, {} TB/s at the pins, refresh {}",
        document.chip,
        document.stacks,
        document.memory,
        significant(document.pin_rate_gbit_s, 4),
        document.pseudo_channels,
        significant(document.peak_tb_s, 4),
        document.refresh,
    ))?;
    let mut table = Table::new(&[
        Column::Name("pattern"),
        Column::Number("reads %"),
        Column::Number("achieved %"),
        Column::Number("TB/s"),
        Column::Number("to cores TB/s"),
        Column::Number("refresh %"),
        Column::Number("activate %"),
        Column::Number("bank busy %"),
        Column::Number("turn %"),
        Column::Number("bus gap %"),
    ]);
    let per_cent = |share: f64| format!("{:.1}", share * 100.0);
    for row in &document.patterns {
        table.row([
            row.pattern.clone(),
            per_cent(row.reads),
            per_cent(row.achieved_fraction),
            significant(row.achieved_tb_s, 4),
            significant(row.to_cores_tb_s, 4),
            per_cent(row.loss.refresh),
            per_cent(row.loss.activate),
            per_cent(row.loss.bank_conflict),
            per_cent(row.loss.turnaround),
            per_cent(row.loss.bus_gap),
        ]);
    }
    shell.line("")?;
    shell.table(table)?;
    let OnDieRow { factor, measured_chips, .. } = document.on_die;
    let basis = match measured_chips {
        0 => "taken from another generation".into(),
        n => format!("from {n} measured chips"),
    };
    shell.line(format!("\nTo cores: × {factor} for what the die loses, {basis}."))
}
