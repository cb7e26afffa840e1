//! Pricing a step.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::{Envelope, Target, Throttle, Timed};
use super::compile::clips;
use super::pricer::Demand;
use super::split::{Beat, Division, Groups, Hidden, Split};
use super::stretch::{OpFamily, Stretch};
use super::whole::{Cost, DecodeSteps, FULL_CLOCK, Line, LineId, Series};
use crate::cost::batch::{Batch, CLIPS, Decode};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::Calibration;
use crate::cost::machine::CostError;
use crate::cost::profile::{Pricing, TimeModel};
use crate::cost::work::{Slice, Work};
use crate::hardware::{Chip, Narrowest};
use crate::model::Op;
use crate::units::{Bytes, Flop, Seconds, SimSpan};

/// What is compiled, and how it is to run.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'a> {
    /// The operators of a whole pass.
    pub ops: &'a [Op],
    /// The parts of a step.
    pub division: Division<'a>,
    /// What-if on the times.
    pub stretch: Stretch,
    /// What a chip may draw, if that is bounded.
    pub power: Option<Envelope>,
}

/// The operators of one rank, compiled for a chip: prices any step.
///
/// Built once per plan, used by one thread: prices that depend on the token count alone are
/// remembered inside. Equal batches cost the same, whatever was priced before.
///
/// ```
/// use memwall::cost::{Batch, Calibration, Pricing, StepProgram};
/// # use memwall::hardware::{Chip, Class, Engine, Fabric, Format, Memory, Power, Price};
/// # use memwall::model::{Gemm, Op, OpKind, Rows, Spread};
/// # use memwall::units::{Bytes, BytesPerSec, FlopPerSec};
/// # let chip = Chip { name: "h100-sxm".into(), title: String::new(), maker: String::new(),
/// #     generation: "hopper".into(), aliases: vec![], base: None,
/// #     class: Class::Datasheet, system: None,
/// #     peaks: [(Engine::Bf16, FlopPerSec::new(989e12))].into(), cores: Some(132), clock: None,
/// #     exp_rate: None, l2: None, memory: Memory { kind: "hbm3".into(),
/// #     bandwidth: BytesPerSec::new(3.35e12), physical: Bytes::ZERO, usable: Bytes::ZERO,
/// #     stacks: None }, scale_up: None, host_link: None, nic: None,
/// #     fabric: Fabric::default(), power: Power::default(),
/// #     price: Price::default() };
/// let gemm = Gemm { n: 8192, k: 8192, weights: Format::Bf16, rows: Rows::Tokens };
/// let op = Op { name: "o".into(), count: 80, spread: Spread::NONE, kind: OpKind::Gemm(gemm) };
/// let program = StepProgram::compile(&[op], &chip, Calibration::embedded(), Pricing::default())?;
/// let mut batch = Batch::default();
/// batch.decode.add(1000, program.clips());
/// let price = program.price(&batch);
/// // 80 × 134 MB of weights at 83 % of 3.35 TB/s take 4 ms.
/// assert!(price.total.get() > 3.5e-3 && price.total.get() < 5e-3);
/// # Ok::<(), memwall::cost::CostError>(())
/// ```
pub struct StepProgram {
    full: Timed,
    /// Below full clocks, if a power cap may demand them.
    throttle: Option<Throttle>,
    /// Where groups of ranks have sequences of their own.
    pub(super) groups: Option<Groups>,
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
    /// The link that binds it, if it is a collective.
    pub link: Option<Narrowest>,
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
        how: (&Calibration, Pricing),
        stretch: Stretch,
    ) -> Result<Self, CostError> {
        Self::compile_divided(ops, Division::Whole, chip, how, stretch)
    }

    /// The same for steps that are divided into parts.
    pub fn compile_divided(
        ops: &[Op],
        division: Division,
        chip: &Chip,
        how: (&Calibration, Pricing),
        stretch: Stretch,
    ) -> Result<Self, CostError> {
        Self::compile_layout(&Layout { ops, division, stretch, power: None }, chip, how)
    }

    /// The same on chips that may draw only so much.
    pub fn compile_layout(
        layout: &Layout,
        chip: &Chip,
        (calibration, pricing): (&Calibration, Pricing),
    ) -> Result<Self, CostError> {
        let Layout { ops, division, stretch, power } = *layout;
        let (clips, clock) = (clips(ops), FULL_CLOCK);
        let target = Target { chip, calibration, pricing, stretch, all: ops, clips: &clips, clock };
        let (full, provenance) = Timed::new(ops, division, &target)?;
        let throttle = |envelope| Throttle::new(ops, division, &target, envelope);
        let throttle = power.map(throttle).transpose()?;
        let is_grouped = matches!(division, Division::Groups);
        let groups = is_grouped.then(|| Groups::new(&target)).transpose()?;
        Ok(Self { full, throttle, groups, clips, provenance })
    }

    /// Operations and bytes of one rank in a step of `batch`, or of one of each pipeline stage.
    pub fn demand_of(&self, batch: &Batch) -> Demand {
        let work = self.work(batch);
        Demand { flop: Flop::new(work.flops), traffic: Bytes::new(work.bytes) }
    }

    /// What a step of `batch` runs at, as a share of full clocks.
    pub fn clock(&self, batch: &Batch) -> f64 {
        let slower = self.throttle.as_ref().and_then(|t| t.clock_of(&self.full, batch));
        slower.map_or(1.0, |(clock, _)| f64::from(*clock) / f64::from(FULL_CLOCK))
    }

    /// The families that a step has operators of, and the host's part if it has a price.
    pub fn families(&self) -> BTreeSet<OpFamily> {
        let host = (self.full.pass.model() == TimeModel::Calibrated).then_some(OpFamily::Host);
        self.full.pass.ops().iter().map(|op| op.family).chain(host).collect()
    }

    /// What each family takes of a step of `batch`, host included.
    pub fn family_times(&self, batch: &Batch) -> BTreeMap<OpFamily, Seconds> {
        let (slice, scale) = match &self.full.split {
            Some(split) => split.typical(batch, &self.full.pass),
            None => (Slice::whole(batch), 1.0),
        };
        let host = self.full.pass.host().time(&slice.batch) * scale;
        let mut times = BTreeMap::from([(OpFamily::Host, Seconds::new(host))]);
        for op in self.full.pass.ops() {
            let time = op
                .parts(&op.view(&slice), self.full.pass.model())
                .scaled(op.weight * scale)
                .total();
            *times.entry(op.family).or_default() += time;
        }
        times
    }

    /// The same program with every family's time multiplied; the roofline stays as it is.
    pub fn stretched(mut self, stretch: Stretch) -> Self {
        if self.full.pass.model() == TimeModel::Roofline {
            return self;
        }
        self.full = self.full.stretched(stretch);
        self.throttle = self.throttle.map(|throttle| throttle.stretched(stretch));
        self.groups = self.groups.map(|groups| groups.stretched(stretch));
        self
    }

    /// How a step of `batch` goes through pipeline stages, if there are several.
    pub fn beat(&self, batch: &Batch) -> Option<Beat> {
        let pipeline = self.full.split.as_ref().and_then(Split::pipeline)?;
        (!batch.is_empty()).then(|| pipeline.beat(batch))
    }

    /// How much of the exchanges of a step of `batch` two halves hide, if steps are divided so.
    pub fn hidden(&self, batch: &Batch) -> Option<Hidden> {
        let halves = self.full.split.as_ref().and_then(Split::halves)?;
        (!batch.is_empty()).then(|| halves.hidden(batch, &self.full.pass))
    }

    /// The clip lengths that a batch's clipped sums are for, in their order.
    pub fn clips(&self) -> &[u32] {
        &self.clips
    }

    /// Where every constant is from, and what had to be assumed: one line each, sorted.
    ///
    /// Empty for the roofline, which has no constants but the chip's.
    pub fn provenance(&self) -> Vec<&str> {
        match self.full.pass.model() {
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
        self.full.pass.host().first_token()
    }

    /// What a request of `prompt` tokens waits for besides: receiving and tokenising them.
    pub fn reading(&self, prompt: u32) -> Seconds {
        self.full.pass.host().reading(prompt)
    }

    /// The operators of a step, one by one; of the fullest part where steps are divided. Host time
    /// is not among them.
    pub fn price_ops(&self, batch: &Batch) -> Vec<OpTime> {
        let slice = match &self.full.split {
            Some(split) => split.fullest(batch),
            None => Slice::whole(batch),
        };
        self.full.pass.ops().iter().map(|op| op.price(&slice, self.full.pass.model())).collect()
    }

    /// The link that a step of `batch` waits for longest, if it waits for any.
    pub fn narrowest(&self, batch: &Batch) -> Option<Narrowest> {
        let waits = |op: &OpTime| op.parts[Bound::Interconnect];
        let ops = self.price_ops(batch).into_iter().filter(|op| waits(op) > 0.0);
        ops.max_by(|a, b| waits(a).total_cmp(&waits(b)))?.link
    }

    /// The prices at which a step of `batch` runs.
    fn timed(&self, batch: &Batch) -> &Timed {
        let slower = self.throttle.as_ref().and_then(|t| t.clock_of(&self.full, batch));
        slower.map_or(&self.full, |(_, timed)| timed)
    }

    pub(super) fn parts(&self, batch: &Batch) -> Breakdown {
        self.timed(batch).parts(batch)
    }

    /// All that one rank does in a step, or one of each pipeline stage.
    pub(super) fn work(&self, batch: &Batch) -> Work {
        self.full.work(batch)
    }

    /// Time and work of any step, as whole numbers.
    pub(super) fn cost(&self, batch: &Batch) -> Cost {
        match &self.throttle {
            None => self.full.cost(batch),
            Some(throttle) => throttle.cost(&self.full, batch),
        }
    }

    /// The decode step of `decode` and those after it, see [`Pricer`](super::Pricer).
    pub(super) fn series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        match &self.throttle {
            None => self.full.series(decode, growing),
            Some(throttle) => throttle.series(&self.full, decode, growing),
        }
    }

    /// The same, told by their times; what they cost may be on a [`line`](Self::line).
    pub(super) fn steps(&self, decode: &Decode, growing: &[u32; CLIPS]) -> DecodeSteps {
        match &self.throttle {
            None => self.full.steps(decode, growing),
            Some(throttle) => throttle.series(&self.full, decode, growing).into(),
        }
    }

    /// A line at full clocks.
    pub(super) fn line(&self, id: &LineId) -> Line {
        self.full.line(id)
    }
}
