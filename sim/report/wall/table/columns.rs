//! The columns of the table, and which of them yield first on a terminal.

use crate::hardware::Class;
use crate::report::shares::short_name;
use crate::report::text::{percent, printable, short, short_or_dash, wrap};
use crate::report::{Shares, WallRow};

/// One column of the table.
pub(in crate::report) struct Column {
    /// Title with unit; may have two lines.
    pub(in crate::report) header: &'static str,
    /// 0 always stays; of the others the highest yields first.
    pub(super) rank: u8,
    /// Numbers are aligned to the right.
    pub(in crate::report) is_number: bool,
    /// The figure's key, if it may have a band.
    pub(in crate::report) key: Option<&'static str>,
    /// The text of a row's cell; a dash for what is not known.
    pub(in crate::report) cell: fn(&WallRow) -> String,
}

pub(in crate::report::wall) const fn number(
    header: &'static str,
    rank: u8,
    cell: fn(&WallRow) -> String,
) -> Column {
    Column { header, rank, is_number: true, key: None, cell }
}

pub(in crate::report::wall) const fn words(
    header: &'static str,
    rank: u8,
    cell: fn(&WallRow) -> String,
) -> Column {
    Column { header, rank, is_number: false, key: None, cell }
}

/// A number that may have a band under the key `key`.
const fn banded(
    header: &'static str,
    rank: u8,
    key: &'static str,
    cell: fn(&WallRow) -> String,
) -> Column {
    Column { header, rank, is_number: true, key: Some(key), cell }
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
    banded("All\ntok/s/GPU", PAGE_ONLY, "total_tok_s_per_gpu", |row| {
        short_or_dash(row.total_tok_s_per_gpu)
    }),
    banded("tok/s\n/user", 6, "tok_s_per_user_p50", |row| short_or_dash(row.tok_s_per_user_p50)),
    banded("p50\nTTFT ms", PAGE_ONLY, "ttft_ms_p50", |row| short_or_dash(row.ttft_ms_p50)),
    banded("p99\nTTFT ms", 8, "ttft_ms_p99", |row| short_or_dash(row.ttft_ms_p99)),
    banded("p50\nTPOT ms", 9, "tpot_ms_p50", |row| short_or_dash(row.tpot_ms_p50)),
    banded("p99\nTPOT ms", PAGE_ONLY, "tpot_ms_p99", |row| short_or_dash(row.tpot_ms_p99)),
    words("Decode\ngoes to", 0, |row| leader(&row.decode_bound)),
    words("Whole task\ngoes to", 1, |row| leader(&row.time_share)),
    banded("k tok/s\n/MW", 7, "tok_s_per_facility_mw", |row| thousands(row.tok_s_per_facility_mw)),
    banded("USD\n/task", 10, "usd_per_task", |row| short_or_dash(row.usd_per_task)),
    banded("Joule\n/token", 12, "energy_j_per_output_tok", |row| {
        short_or_dash(row.energy_j_per_output_tok)
    }),
    banded("Tasks\n/h/GPU", 11, "tasks_per_hour_per_gpu", |row| {
        short_or_dash(row.tasks_per_hour_per_gpu)
    }),
    banded("KV\nhits", 13, "kv_hit_rate", |row| share(row.kv_hit_rate)),
    banded("MFU", 14, "mfu", |row| share(row.mfu)),
    banded("MBU", 15, "mbu", |row| share(row.mbu)),
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
