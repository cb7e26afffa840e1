//! Prices by row count, each computed once.

use std::cell::OnceCell;

use super::curve::Curve;
use super::exact::Cost;
use crate::cost::bound::Breakdown;
use crate::cost::work::Work;

/// Row counts that are remembered; larger ones are computed anew.
const REMEMBERED: usize = 8192;

/// What a number of rows costs, and what it asks of one rank.
#[derive(Clone, Copy, Default)]
pub(in crate::cost::program) struct RowPrice {
    pub(in crate::cost::program) parts: Breakdown,
    pub(in crate::cost::program) work: Work,
    /// Both as whole numbers.
    pub(in crate::cost::program) cost: Cost,
}

/// A lazy table over row counts. Filled in by whoever owns the program; equal queries give equal
/// answers whatever was asked before.
pub(in crate::cost::program) struct RowTable(Vec<OnceCell<Box<RowPrice>>>);

impl RowTable {
    pub(in crate::cost::program) fn new() -> Self {
        Self((0..REMEMBERED).map(|_| OnceCell::new()).collect())
    }

    /// What `ask` finds in the price of `rows` rows, which is by `compute` if it is asked for the
    /// first time.
    pub(in crate::cost::program) fn ask(
        &self,
        rows: u32,
        compute: impl FnOnce(u32) -> RowPrice,
        ask: impl FnOnce(&RowPrice),
    ) {
        match self.0.get(rows as usize) {
            _ if rows == 0 => {}
            Some(cell) => ask(cell.get_or_init(|| Box::new(compute(rows)))),
            None => ask(&compute(rows)),
        }
    }
}

/// A lazy table of the curves of decode steps, by number of sequences.
pub(in crate::cost::program) struct CurveTable(Vec<OnceCell<Box<Curve>>>);

impl CurveTable {
    pub(in crate::cost::program) fn new() -> Self {
        Self((0..REMEMBERED).map(|_| OnceCell::new()).collect())
    }

    /// What `ask` finds on the curve of `sequences` sequences, traced by `trace` if it is asked for
    /// the first time.
    pub(in crate::cost::program) fn ask<T>(
        &self,
        sequences: u32,
        trace: impl FnOnce() -> Curve,
        ask: impl FnOnce(&Curve) -> T,
    ) -> T {
        match self.0.get(sequences as usize) {
            Some(cell) => ask(cell.get_or_init(|| Box::new(trace()))),
            None => ask(&trace()),
        }
    }
}
