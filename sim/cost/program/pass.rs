//! One list of operators over one batch.

use super::compile::{Compiled, CompiledOp, row_time};
use super::host::Host;
use super::stretch::{OpFamily, Stretch};
use super::whole::{Cost, RowPrice, RowTable};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::profile::TimeModel;
use crate::cost::program::Demand;
use crate::cost::work::{Slice, Work, rows_of};
use crate::model::{Rows, Spread};
use crate::units::{Bytes, Flop, Seconds};

/// Operators that one rank runs one after another, and the host's part.
pub(super) struct Pass {
    model: TimeModel,
    ops: Vec<CompiledOp>,
    /// Indices of the operators that depend on contexts.
    by_context: Vec<usize>,
    by_rows: Vec<RowGroup>,
    host: Host,
}

/// Operators whose cost depends on the same count of rows on one rank, and what they cost together.
struct RowGroup {
    sort: Rows,
    spread: Spread,
    table: RowTable,
}

impl Pass {
    pub(super) fn new(model: TimeModel, ops: Vec<CompiledOp>, host: Host) -> Self {
        let is_by_context = |op: &CompiledOp| matches!(op.form, Compiled::ByContext(_));
        let by_context = (0..ops.len()).filter(|&i| is_by_context(&ops[i])).collect();
        let by_rows = row_groups(&ops);
        Self { model, ops, by_context, by_rows, host }
    }

    pub(super) const fn model(&self) -> TimeModel {
        self.model
    }

    pub(super) fn ops(&self) -> &[CompiledOp] {
        &self.ops
    }

    pub(super) const fn host(&self) -> &Host {
        &self.host
    }

    /// The same with every family's time multiplied.
    pub(super) fn stretched(mut self, stretch: Stretch) -> Self {
        for op in &mut self.ops {
            op.weight *= stretch[op.family];
        }
        self.host = self.host.stretched(stretch[OpFamily::Host]);
        if stretch.schedules_beside() {
            self.host = self.host.beside();
        }
        self.by_rows = row_groups(&self.ops);
        self
    }

    /// The same where one of `groups` groups of ranks does it: work is that of the average rank.
    pub(super) fn of_one_in(mut self, groups: u32) -> Self {
        for op in &mut self.ops {
            op.load /= f64::from(groups);
        }
        self.by_rows = row_groups(&self.ops);
        self
    }

    /// Its time; the slice has something to do.
    pub(super) fn parts(&self, slice: &Slice) -> Breakdown {
        let mut parts = self.row_parts(slice);
        let host = self.host.exposed(&slice.batch, parts.total().get());
        for &i in &self.by_context {
            let op = &self.ops[i];
            parts += op.parts(&op.view(slice), self.model).scaled(op.weight);
        }
        parts[Bound::Host] += host;
        parts
    }

    /// All that one rank does in it.
    pub(super) fn work(&self, slice: &Slice) -> Work {
        let mut work = Work::default();
        self.ask_rows(slice, |price| work = work + price.work);
        let by_context = self.by_context.iter().map(|&i| &self.ops[i]);
        by_context.fold(work, |sum, op| sum + op.work(&op.view(slice)) * op.load)
    }

    /// Both as whole numbers.
    pub(super) fn cost(&self, slice: &Slice) -> Cost {
        let (mut parts, mut work) = (Breakdown::default(), Work::default());
        for &i in &self.by_context {
            let op = &self.ops[i];
            let view = op.view(slice);
            parts += op.parts(&view, self.model).scaled(op.weight);
            work = work + op.work(&view) * op.load;
        }
        // What passes beside it must not depend on contexts: lines over these are added up.
        let device =
            if self.host.is_beside() { self.row_parts(slice).total() } else { Seconds::ZERO };
        parts[Bound::Host] += self.host.exposed(&slice.batch, device.get());
        let mut cost = cost_of(parts, work);
        self.ask_rows(slice, |price| cost += &price.cost);
        cost
    }

    /// The time that depends on counts of rows alone.
    fn row_parts(&self, slice: &Slice) -> Breakdown {
        let mut parts = Breakdown::default();
        self.ask_rows(slice, |price| parts += price.parts);
        parts
    }

    /// Shows `see` the price of each group's rows.
    fn ask_rows(&self, slice: &Slice, mut see: impl FnMut(&RowPrice)) {
        for group in &self.by_rows {
            let rows = rows_of(&slice.batch, group.sort, group.spread);
            group.table.ask(rows, |rows| self.price_rows(group, rows), &mut see);
        }
    }

    /// All operators of a group over `rows` rows on one rank.
    fn price_rows(&self, group: &RowGroup, rows: u32) -> RowPrice {
        let mut price = RowPrice::default();
        for op in &self.ops {
            if let Compiled::ByRows(of, form) = &op.form
                && (*of, op.spread) == (group.sort, group.spread)
            {
                let rows = f64::from(rows);
                let parts = op.slowed(row_time(form.as_ref(), rows, self.model));
                price.parts += parts.scaled(op.weight);
                price.work = price.work + form.work(rows) * op.load;
            }
        }
        RowPrice { cost: cost_of(price.parts, price.work), ..price }
    }
}

pub(super) fn cost_of(parts: Breakdown, work: Work) -> Cost {
    Cost::new(parts, Demand { flop: Flop::new(work.flops), traffic: Bytes::new(work.bytes) })
}

fn row_groups(ops: &[CompiledOp]) -> Vec<RowGroup> {
    let mut groups: Vec<RowGroup> = Vec::new();
    for op in ops {
        if let Compiled::ByRows(sort, _) = op.form
            && !groups.iter().any(|group| (group.sort, group.spread) == (sort, op.spread))
        {
            groups.push(RowGroup { sort, spread: op.spread, table: RowTable::new() });
        }
    }
    groups
}
