//! `memwall chips list`.

use serde::Serialize;

use super::rows::ChipRow;
use crate::cli::specs::catalog;
use crate::cli::terminal::{class_name, known, number};
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::hardware::Engine;

#[derive(Serialize)]
struct Chips<'a> {
    chips: Vec<ChipRow<'a>>,
}

pub(super) fn run(shell: &mut Shell) -> Result<Exit, CliError> {
    let catalog = catalog(shell)?;
    let chips: Vec<_> = catalog.chips().map(ChipRow::from).collect();
    if shell.json() {
        shell.document("memwall.chips/1", &Chips { chips })?;
    } else {
        shell.table(table(&chips))?;
        shell.line("\nDense peaks in TFLOP/s; usable memory; scale-up per direction.")?;
    }
    Ok(Exit::Done)
}

fn table(chips: &[ChipRow<'_>]) -> Table {
    let mut table = Table::new(&[
        Column::Name("chip"),
        Column::Number("BF16"),
        Column::Number("FP8"),
        Column::Number("FP4"),
        Column::Text("memory"),
        Column::Number("GiB"),
        Column::Number("TB/s"),
        Column::Number("link GB/s"),
        Column::Number("domain"),
        Column::Number("TDP W"),
        Column::Text("class"),
    ]);
    for chip in chips {
        let peak = |engine| number(chip.peak_tflop_s.get(&engine).copied());
        table.row([
            chip.name.into(),
            peak(Engine::Bf16),
            peak(Engine::Fp8),
            peak(Engine::Fp4),
            chip.memory.into(),
            number(chip.memory_usable_gib),
            number(chip.memory_bandwidth_tb_s),
            number(chip.scale_up_gb_s),
            known(chip.scale_up_domain),
            number(chip.tdp_w),
            class_name(chip.class).into(),
        ]);
    }
    table
}
