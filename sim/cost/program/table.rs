//! Prices by row count, each computed once.

use std::cell::Cell;

use crate::cost::bound::Breakdown;

/// Row counts that are remembered; larger ones are computed anew.
const REMEMBERED: usize = 8192;

/// A lazy table over row counts. Filled in by whoever owns the program; equal queries give equal
/// answers whatever was asked before.
pub(super) struct RowTable(Vec<Cell<Option<Breakdown>>>);

impl RowTable {
    pub(super) fn new() -> Self {
        Self(vec![Cell::new(None); REMEMBERED])
    }

    /// The price of `rows` rows, by `compute` if it is asked for the first time.
    pub(super) fn get(&self, rows: u32, compute: impl Fn(u32) -> Breakdown) -> Breakdown {
        if rows == 0 {
            return Breakdown::default();
        }
        let Some(cell) = self.0.get(rows as usize) else { return compute(rows) };
        cell.get().unwrap_or_else(|| {
            let parts = compute(rows);
            cell.set(Some(parts));
            parts
        })
    }
}
