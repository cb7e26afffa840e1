//! Pricing a step.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::{Compiled, CompiledOp, clips, row_time};
use super::curve::{Curve, Sample, Sums, sums_of};
use super::exact::Cost;
use super::host::Host;
use super::pricer::Demand;
use super::series::Series;
use super::stretch::{OpFamily, Stretch};
use super::table::{CurveTable, RowPrice, RowTable};
use crate::cost::batch::{Batch, CLIPS, Decode};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::Calibration;
use crate::cost::forms::Setting;
use crate::cost::machine::CostError;
use crate::cost::profile::{Pricing, TimeModel};
use crate::cost::work::{Work, rows_of};
use crate::hardware::{Chip, Resource};
use crate::model::{Op, Rows};
use crate::units::{Bytes, Flop, Seconds, SimSpan};

/// The operators of one rank, compiled for a chip: prices any step.
///
/// Built once per plan, used by one thread: prices that depend on the token count alone are
/// remembered inside. Equal batches cost the same, whatever was priced before.
///
/// ```
/// use memwall::cost::{Batch, Calibration, Pricing, StepProgram};
/// # use memwall::hardware::{Chip, Engine, Format, Memory, Power, Price, Class};
/// # use memwall::model::{Gemm, Op, OpKind, Rows};
/// # use memwall::units::{Bytes, BytesPerSec, FlopPerSec};
/// # let chip = Chip { name: "h100-sxm".into(), title: String::new(), maker: String::new(),
/// #     generation: "hopper".into(), aliases: vec![], base: None,
/// #     class: Class::Datasheet, system: None,
/// #     peaks: [(Engine::Bf16, FlopPerSec::new(989e12))].into(), cores: Some(132), clock: None,
/// #     exp_rate: None, l2: None, memory: Memory { kind: "hbm3".into(),
/// #     bandwidth: BytesPerSec::new(3.35e12), physical: Bytes::ZERO, usable: Bytes::ZERO,
/// #     stacks: None }, scale_up: None, host_link: None, nic: None, power: Power::default(),
/// #     price: Price::default() };
/// let gemm = Gemm { n: 8192, k: 8192, weights: Format::Bf16, rows: Rows::Tokens };
/// let op = Op { name: "o".into(), count: 80, spread: 1, kind: OpKind::Gemm(gemm) };
/// let program = StepProgram::compile(&[op], &chip, Calibration::embedded(), Pricing::default())?;
/// let mut batch = Batch::default();
/// batch.decode.add(1000, program.clips());
/// let price = program.price(&batch);
/// // 80 × 134 MB of weights at 83 % of 3.35 TB/s take 4 ms.
/// assert!(price.total.get() > 3.5e-3 && price.total.get() < 5e-3);
/// # Ok::<(), memwall::cost::CostError>(())
/// ```
pub struct StepProgram {
    model: TimeModel,
    ops: Vec<CompiledOp>,
    /// Indices of the operators that depend on contexts.
    by_context: Vec<usize>,
    by_rows: Vec<RowGroup>,
    decodes: CurveTable,
    host: Host,
    clips: Vec<u32>,
    provenance: BTreeSet<String>,
}

/// What a step costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepTime {
    /// Its time.
    pub total: Seconds,
    /// The same by cause; adds up to the total.
    pub parts: Breakdown,
}

/// What one operator of a step does and costs, over all its repetitions.
#[derive(Clone, Debug, PartialEq)]
pub struct OpTime {
    /// Its name.
    pub name: String,
    /// Its repetitions.
    pub count: u32,
    /// Its shape on one rank.
    pub shape: String,
    /// Operations on one rank.
    pub flops: Flop,
    /// Bytes moved by one rank's memory.
    pub bytes: Bytes,
    /// Bytes sent by one rank.
    pub wire: Bytes,
    /// Time.
    pub time: Seconds,
    /// The same by cause.
    pub parts: Breakdown,
    /// Its kin.
    pub family: OpFamily,
}

impl StepProgram {
    /// Compiles the operators of one rank for `chip`.
    pub fn compile(
        ops: &[Op],
        chip: &Chip,
        calibration: &Calibration,
        pricing: Pricing,
    ) -> Result<Self, CostError> {
        Self::compile_with(ops, chip, (calibration, pricing), Stretch::NONE)
    }

    /// The same under a what-if.
    pub fn compile_with(
        ops: &[Op],
        chip: &Chip,
        (calibration, pricing): (&Calibration, Pricing),
        stretch: Stretch,
    ) -> Result<Self, CostError> {
        let mut setting = Setting::new(chip, calibration, pricing, clips(ops))?;
        let mut compiled = Vec::with_capacity(ops.len());
        for op in ops {
            let near = stretch.reads(OpFamily::of(&op.kind)).map(|factor| {
                let chip = chip.scaled(Resource::HbmBandwidth, factor);
                Setting::new(&chip, calibration, pricing, clips(ops))
            });
            compiled.push(CompiledOp::new(op, ops, &mut setting, near.transpose()?)?);
        }
        let host = match pricing.model {
            TimeModel::Roofline => Host::default(),
            TimeModel::Calibrated => Host::new(ops, &mut setting),
        };
        let is_by_context = |op: &CompiledOp| matches!(op.form, Compiled::ByContext(_));
        let by_context = (0..compiled.len()).filter(|&i| is_by_context(&compiled[i])).collect();
        let (clips, provenance) = setting.finish();
        let (by_rows, model) = (row_groups(&compiled), pricing.model);
        let decodes = CurveTable::new();
        let program =
            Self { model, ops: compiled, by_context, by_rows, decodes, host, clips, provenance };
        Ok(program.stretched(stretch))
    }

    /// The families that a step has operators of, and the host's part if it has a price.
    pub fn families(&self) -> BTreeSet<OpFamily> {
        let host = (self.model == TimeModel::Calibrated).then_some(OpFamily::Host);
        self.ops.iter().map(|op| op.family).chain(host).collect()
    }

    /// What each family takes of a step of `batch`, host included.
    pub fn family_times(&self, batch: &Batch) -> BTreeMap<OpFamily, Seconds> {
        let mut times = BTreeMap::from([(OpFamily::Host, Seconds::new(self.host.time(batch)))]);
        for op in &self.ops {
            let time = op.parts(batch, self.model).scaled(op.weight).total();
            *times.entry(op.family).or_default() += time;
        }
        times
    }

    /// The same program with every family's time multiplied; the roofline stays as it is.
    pub fn stretched(mut self, stretch: Stretch) -> Self {
        if self.model == TimeModel::Roofline {
            return self;
        }
        for op in &mut self.ops {
            op.weight *= stretch[op.family];
        }
        self.host = self.host.stretched(stretch[OpFamily::Host]);
        self.by_rows = row_groups(&self.ops);
        self.decodes = CurveTable::new();
        self
    }

    /// The clip lengths that a batch's clipped sums are for, in their order.
    pub fn clips(&self) -> &[u32] {
        &self.clips
    }

    /// Where every constant is from, and what had to be assumed: one line each, sorted.
    ///
    /// Empty for the roofline, which has no constants but the chip's.
    pub fn provenance(&self) -> Vec<&str> {
        match self.model {
            TimeModel::Roofline => Vec::new(),
            TimeModel::Calibrated => self.provenance.iter().map(String::as_str).collect(),
        }
    }

    /// The time of a step, and what it is spent on.
    pub fn price(&self, batch: &Batch) -> StepTime {
        let parts = self.parts(batch);
        StepTime { total: parts.total(), parts }
    }

    /// The time of a step as the event kernel schedules it.
    pub fn span(&self, batch: &Batch) -> SimSpan {
        SimSpan::from_seconds(self.parts(batch).total())
    }

    /// What a request waits for before its first token, besides steps: reading, tokenising,
    /// dispatching and answering it. The engine is free meanwhile. Zero for the roofline.
    pub fn first_token(&self) -> Seconds {
        self.host.first_token()
    }

    /// What a request of `prompt` tokens waits for besides: receiving and tokenising them.
    pub fn reading(&self, prompt: u32) -> Seconds {
        self.host.reading(prompt)
    }

    /// The operators of a step, one by one. Host time is not among them.
    pub fn price_ops(&self, batch: &Batch) -> Vec<OpTime> {
        self.ops.iter().map(|op| op.price(batch, self.model)).collect()
    }

    pub(super) fn parts(&self, batch: &Batch) -> Breakdown {
        if batch.is_empty() {
            return Breakdown::default();
        }
        let mut parts = self.rows(batch).parts;
        for &i in &self.by_context {
            let op = &self.ops[i];
            parts += op.parts(batch, self.model).scaled(op.weight);
        }
        parts[Bound::Host] += self.host.time(batch);
        parts
    }

    /// All that one rank does in a step.
    pub(super) fn work(&self, batch: &Batch) -> Work {
        let by_context = self.by_context.iter().map(|&i| &self.ops[i]);
        by_context.fold(self.rows(batch).work, |sum, op| sum + op.work(batch) * f64::from(op.count))
    }

    /// The decode step of `decode` and those after it, see [`Pricer`](super::Pricer).
    pub(super) fn series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        let sequences = decode.sequences;
        let mut growth = [u64::from(sequences); 1 + CLIPS];
        growth[1..].copy_from_slice(&growing.map(u64::from));
        self.on_curve(sequences, |curve| curve.series(&sums_of(decode), &growth))
    }

    /// The cost of the decode step of `decode`.
    pub(super) fn decode_cost(&self, decode: &Decode) -> Cost {
        self.on_curve(decode.sequences, |curve| curve.cost(&sums_of(decode)))
    }

    fn on_curve<T>(&self, sequences: u32, ask: impl FnOnce(&Curve) -> T) -> T {
        let price = |sums: &Sums| self.sample(sequences, sums);
        let trace = || Curve::trace(sequences, 1 + self.clips.len(), price);
        self.decodes.ask(sequences, trace, ask)
    }

    /// Time and work of any step, as whole numbers.
    pub(super) fn cost(&self, batch: &Batch) -> Cost {
        let mut cost = Cost::default();
        if batch.is_empty() {
            return cost;
        }
        self.ask_rows(batch, |price| cost += price.cost);
        let (mut parts, mut work) = (Breakdown::default(), Work::default());
        for &i in &self.by_context {
            let (op, count) = (&self.ops[i], f64::from(self.ops[i].count));
            parts += op.parts(batch, self.model).scaled(op.weight);
            work = work + op.work(batch) * count;
        }
        parts[Bound::Host] += self.host.time(batch);
        cost + cost_of(parts, work)
    }

    /// The price of a decode step at any sums of contexts.
    fn sample(&self, sequences: u32, sums: &Sums) -> Sample {
        let mut clipped = [0; CLIPS];
        clipped.copy_from_slice(&sums[1..]);
        let decode = Decode { sequences, context: sums[0], clipped };
        let batch = Batch { decode, ..Batch::default() }.decode_only();
        let (parts, work) = (self.parts(&batch), self.work(&batch));
        let mut sample = Sample::default();
        for (value, bound) in sample.iter_mut().zip(Bound::ALL) {
            *value = parts[bound];
        }
        let [.., flop, traffic] = &mut sample;
        (*flop, *traffic) = (work.flops, work.bytes);
        sample
    }

    /// What depends on counts of rows alone.
    fn rows(&self, batch: &Batch) -> RowPrice {
        let mut sum = RowPrice::default();
        self.ask_rows(batch, |price| {
            sum.parts += price.parts;
            sum.work = sum.work + price.work;
        });
        sum
    }

    /// Shows `see` the price of each group's rows.
    fn ask_rows(&self, batch: &Batch, mut see: impl FnMut(&RowPrice)) {
        for group in &self.by_rows {
            let rows = rows_of(batch, group.sort, group.spread);
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
                let (rows, count) = (f64::from(rows), f64::from(op.count));
                price.parts += row_time(form.as_ref(), rows, self.model).scaled(op.weight);
                price.work = price.work + form.work(rows) * count;
            }
        }
        RowPrice { cost: cost_of(price.parts, price.work), ..price }
    }
}

fn cost_of(parts: Breakdown, work: Work) -> Cost {
    Cost::new(parts, Demand { flop: Flop::new(work.flops), traffic: Bytes::new(work.bytes) })
}

/// Operators whose cost depends on the same count of rows on one rank, and what they cost together.
struct RowGroup {
    sort: Rows,
    spread: u32,
    table: RowTable,
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
