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

/// A lazy table by a count. Filled in by whoever owns the program; equal queries give equal answers
/// whatever was asked before. There is none before something is asked.
struct Table<T>(OnceCell<Cells<T>>);

type Cells<T> = Vec<OnceCell<Box<T>>>;

impl<T> Table<T> {
    fn cell(&self, count: u32) -> Option<&OnceCell<Box<T>>> {
        let empty = || (0..REMEMBERED).map(|_| OnceCell::new()).collect();
        self.0.get_or_init(empty).get(count as usize)
    }
}

/// A lazy table of prices by row count.
pub(in crate::cost::program) struct RowTable(Table<RowPrice>);

impl RowTable {
    pub(in crate::cost::program) fn new() -> Self {
        Self(Table(OnceCell::new()))
    }

    /// What `ask` finds in the price of `rows` rows, which is by `compute` if it is asked for the
    /// first time.
    pub(in crate::cost::program) fn ask(
        &self,
        rows: u32,
        compute: impl FnOnce(u32) -> RowPrice,
        ask: impl FnOnce(&RowPrice),
    ) {
        if rows == 0 {
            return;
        }
        match self.0.cell(rows) {
            Some(cell) => ask(cell.get_or_init(|| Box::new(compute(rows)))),
            None => ask(&compute(rows)),
        }
    }
}

/// A lazy table of the curves of decode steps, by number of sequences.
pub(in crate::cost::program) struct CurveTable(Table<Curve>);

impl CurveTable {
    pub(in crate::cost::program) fn new() -> Self {
        Self(Table(OnceCell::new()))
    }

    /// What `ask` finds on the curve of `sequences` sequences, traced by `trace` if it is asked for
    /// the first time.
    pub(in crate::cost::program) fn ask<T>(
        &self,
        sequences: u32,
        trace: impl FnOnce() -> Curve,
        ask: impl FnOnce(&Curve) -> T,
    ) -> T {
        match self.0.cell(sequences) {
            Some(cell) => ask(cell.get_or_init(|| Box::new(trace()))),
            None => ask(&trace()),
        }
    }
}
