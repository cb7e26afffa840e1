//! Where decode turns, in a terminal: arithmetic per byte, and batches at two contexts.

use super::columns::{Column, number, words};
use crate::report::WallRow;
use crate::report::text::{printable, short_or_dash, wrap};
use crate::report::wall::turns::Turn;

/// The contexts that are told, in tokens.
const TOLD: [u32; 2] = [8_000, 64_000];

/// From left to right: what the chip offers and how much of it is narrow formats, what the work
/// asks for, and the batches of one replica at which decode turns.
pub(super) const TURN_COLUMNS: [Column; 11] = [
    words("Decode turns\n", 0, |row| wrap(&printable(&row.title), 20).join("\n")),
    number("FLOP/B\nchip", 0, |row| short_or_dash(row.intensity.chip_flop_b)),
    number("\ntask", 1, |row| short_or_dash(row.intensity.task_flop_b)),
    number("\ndecode", 0, |row| short_or_dash(row.intensity.decode_flop_b)),
    number("of FLOP/s\nformat", 2, format),
    number("8 k: KV\nfrom", 0, |row| kv(row, TOLD[0])),
    number("compute\nfrom", 3, |row| compute(row, TOLD[0])),
    number("full\nat", 0, |row| full(row, TOLD[0])),
    number("64 k: KV\nfrom", 0, |row| kv(row, TOLD[1])),
    number("compute\nfrom", 4, |row| compute(row, TOLD[1])),
    number("full\nat", 0, |row| full(row, TOLD[1])),
];

/// How to read them.
pub(super) const TURN_LEGEND: &str = "FLOP/B: operations per byte of HBM traffic that the chip \
    offers, and that the whole task and decode ask for; of FLOP/s format: the dense peak over that \
    in BF16. 8 k, 64 k: with contexts so long decode reads more KV than weights, computes for \
    longer than it reads, and fills the KV cache from such a batch of one replica on; never: it is \
    full before.";

/// `×4.0`: how many times its 16-bit arithmetic the chip does in the format of the weights.
fn format(row: &WallRow) -> String {
    let peaks = row.dense_pflop_s.zip(row.bf16_pflop_s).filter(|(_, bf16)| *bf16 > 0.0);
    peaks.map_or_else(|| "–".to_owned(), |(dense, bf16)| format!("×{:.1}", dense / bf16))
}

fn turn(row: &WallRow, context: u32) -> Option<&Turn> {
    row.turns.iter().find(|turn| turn.context_tokens == context)
}

fn kv(row: &WallRow, context: u32) -> String {
    told(turn(row, context), |turn| turn.kv_batch)
}

fn compute(row: &WallRow, context: u32) -> String {
    told(turn(row, context), |turn| turn.compute_batch)
}

fn full(row: &WallRow, context: u32) -> String {
    turn(row, context).map_or_else(|| "–".to_owned(), |turn| turn.capacity_batch.to_string())
}

/// A batch, `never`, or a dash where not even one sequence fits.
fn told(turn: Option<&Turn>, batch: fn(&Turn) -> Option<u32>) -> String {
    let Some(turn) = turn else { return "–".to_owned() };
    batch(turn).map_or_else(|| "never".to_owned(), |batch| batch.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;

    #[test]
    fn a_turn_that_never_comes_is_told_from_a_context_that_does_not_fit() {
        let turn = |context_tokens, kv_batch| Turn {
            context_tokens,
            kv_batch,
            capacity_batch: 7,
            ..Turn::default()
        };
        let row = WallRow {
            turns: vec![turn(8_000, Some(3))],
            dense_pflop_s: Some(8.0),
            bf16_pflop_s: Some(2.0),
            ..WallRow::unknown("x", "X", Class::Datasheet)
        };
        let cells: Vec<String> = TURN_COLUMNS.iter().map(|column| (column.cell)(&row)).collect();
        assert_eq!(cells[4..], ["×4.0", "3", "never", "7", "–", "–", "–"]);
    }
}
