//! The columns of the table, and which of them yield first on a terminal.

use super::WallRow;
use crate::hardware::Class;
use crate::report::Shares;
use crate::report::shares::short_name;
use crate::report::text::{percent, printable, short, short_or_dash, wrap};

/// One column of the table.
pub(in crate::report) struct Column {
    /// Title with unit; may have two lines.
    pub(in crate::report) header: &'static str,
    /// 0 always stays; of the others the highest yields first.
    pub(super) rank: u8,
    /// Numbers are aligned to the right.
    pub(in crate::report) is_number: bool,
    /// The text of a row's cell; a dash for what is not known.
    pub(in crate::report) cell: fn(&WallRow) -> String,
}

pub(super) const fn number(header: &'static str, rank: u8, cell: fn(&WallRow) -> String) -> Column {
    Column { header, rank, is_number: true, cell }
}

pub(super) const fn words(header: &'static str, rank: u8, cell: fn(&WallRow) -> String) -> Column {
    Column { header, rank, is_number: false, cell }
}

/// Rank of the columns that only the page has room for.
pub(super) const PAGE_ONLY: u8 = u8::MAX;

/// From left to right.
pub(in crate::report) const COLUMNS: [Column; 29] = [
    words("Chip", 0, |row| wrap(&printable(&row.title), 20).join("\n")),
    words("Cl", 3, |row| letter(row.class).to_owned()),
    words("System", PAGE_ONLY, |row| text(row.system.as_ref())),
    number("HBM\nTB/s", PAGE_ONLY, |row| short_or_dash(row.hbm_tb_s)),
    number("HBM\nGB", PAGE_ONLY, |row| short_or_dash(row.hbm_gb)),
    words("Engine", PAGE_ONLY, |row| text(row.matrix_engine.as_ref())),
    number("Dense\nPFLOP/s", PAGE_ONLY, |row| short_or_dash(row.dense_pflop_s)),
    words("Plan", 2, |row| text(row.parallel.as_ref())),
    number("GPUs", PAGE_ONLY, |row| count(row.gpus)),
    number("In\nflight", 4, |row| count(row.concurrency)),
    words("Weights", 5, |row| text(row.weights.as_ref())),
    words("KV", PAGE_ONLY, |row| text(row.kv.as_ref())),
    number("Output\ntok/s/GPU", 0, |row| short_or_dash(row.output_tok_s_per_gpu)),
    number("80 %\nband", 2, band),
    number("All\ntok/s/GPU", PAGE_ONLY, |row| short_or_dash(row.total_tok_s_per_gpu)),
    number("tok/s\n/user", 6, |row| short_or_dash(row.tok_s_per_user_p50)),
    number("p50\nTTFT ms", PAGE_ONLY, |row| short_or_dash(row.ttft_ms_p50)),
    number("p99\nTTFT ms", 8, |row| short_or_dash(row.ttft_ms_p99)),
    number("p50\nTPOT ms", 9, |row| short_or_dash(row.tpot_ms_p50)),
    number("p99\nTPOT ms", PAGE_ONLY, |row| short_or_dash(row.tpot_ms_p99)),
    words("Decode\ngoes to", 0, |row| leader(&row.decode_bound)),
    words("Whole task\ngoes to", 1, |row| leader(&row.time_share)),
    number("k tok/s\n/MW", 7, |row| thousands(row.tok_s_per_facility_mw)),
    number("USD\n/task", 10, |row| short_or_dash(row.usd_per_task)),
    number("Joule\n/token", 12, |row| short_or_dash(row.energy_j_per_output_tok)),
    number("Tasks\n/h/GPU", 11, |row| short_or_dash(row.tasks_per_hour_per_gpu)),
    number("KV\nhits", 13, |row| share(row.kv_hit_rate)),
    number("MFU", 14, |row| share(row.mfu)),
    number("MBU", 15, |row| share(row.mbu)),
];

fn count(value: Option<u32>) -> String {
    value.map_or_else(|| "–".to_owned(), |n| n.to_string())
}

fn text(value: Option<&String>) -> String {
    value.map_or_else(|| "–".to_owned(), |text| printable(text))
}

fn thousands(value: Option<f64>) -> String {
    short_or_dash(value.map(|value| value / 1e3))
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), percent)
}

/// `76.5–87.2`: where `output_tok_s_per_gpu` falls four times in five.
fn band(row: &WallRow) -> String {
    let ends = row.band.low.zip(row.band.high);
    ends.map_or_else(|| "–".to_owned(), |(low, high)| format!("{}–{}", short(low), short(high)))
}

fn leader(shares: &Shares) -> String {
    shares.largest().map_or_else(
        || "–".to_owned(),
        |(bound, share)| format!("{} {}", short_name(bound), percent(share)),
    )
}

/// What the letters in the column `Cl` stand for.
pub(in crate::report) const CLASS_LEGEND: &str = "Cl: class, the weakest source among a chip's \
    figures: D data sheet, A announced, R reported, E estimate.";

const fn letter(class: Class) -> &'static str {
    match class {
        Class::Datasheet => "D",
        Class::Announced => "A",
        Class::Reported => "R",
        Class::Estimate => "E",
    }
}
