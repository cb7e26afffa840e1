//! Prices at one clock.

use std::collections::BTreeSet;

use crate::cost::batch::{Batch, CLIPS, Decode};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::Calibration;
use crate::cost::forms::Setting;
use crate::cost::machine::{CostError, domain_of};
use crate::cost::profile::{Pricing, TimeModel};
use crate::cost::program::compile::CompiledOp;
use crate::cost::program::host::Host;
use crate::cost::program::pass::{Pass, cost_of};
use crate::cost::program::split::{Division, Split};
use crate::cost::program::stretch::{OpFamily, Stretch};
use crate::cost::program::whole::{
    Cost, Curve, CurveTable, DecodeSteps, FULL_CLOCK, Line, LineId, Sample, Series, Sums, sums_of,
};
use crate::cost::work::{Slice, Work};
use crate::hardware::{Chip, Resource};
use crate::model::Op;

/// What operators are compiled for.
pub(in crate::cost::program) struct Target<'a> {
    pub(in crate::cost::program) chip: &'a Chip,
    pub(in crate::cost::program) calibration: &'a Calibration,
    pub(in crate::cost::program) pricing: Pricing,
    pub(in crate::cost::program) stretch: Stretch,
    /// 64ths of full clocks at which cores run.
    pub(in crate::cost::program) clock: u32,
    /// All operators of a pass, those that are compiled among them.
    pub(in crate::cost::program) all: &'a [Op],
    /// The clip lengths of all.
    pub(in crate::cost::program) clips: &'a [u32],
}

impl Target<'_> {
    fn setting(&self, chip: &Chip) -> Result<Setting<'_>, CostError> {
        Setting::new(chip, self.calibration, self.pricing, self.clips.to_vec())
    }

    /// The pass of `ops`, beside which the host does `host`; and where its constants are from.
    pub(in crate::cost::program) fn pass(
        &self,
        ops: &[Op],
        host: impl FnOnce(&[Op], &mut Setting) -> Host,
    ) -> Result<(Pass, BTreeSet<String>), CostError> {
        let clock = f64::from(self.clock) / f64::from(FULL_CLOCK);
        let chip = match self.clock {
            FULL_CLOCK => self.chip.clone(),
            _ => self.chip.scaled(Resource::Compute, clock),
        };
        let mut setting = self.setting(&chip)?;
        let mut compiled = Vec::with_capacity(ops.len());
        for op in ops {
            let near = self
                .stretch
                .reads(OpFamily::of(&op.kind))
                .map(|factor| self.setting(&chip.scaled(Resource::HbmBandwidth, factor)));
            let op = CompiledOp::new(op, self.all, &mut setting, near.transpose()?)?;
            compiled.push(op.at_clock(clock));
        }
        let model = self.pricing.model;
        let host = match model {
            TimeModel::Roofline => Host::default(),
            TimeModel::Calibrated => host(ops, &mut setting),
        };
        let pass = Pass::new(model, compiled, host);
        let pass = match model {
            TimeModel::Roofline => pass,
            TimeModel::Calibrated => pass.stretched(self.stretch),
        };
        Ok((pass, setting.finish().1))
    }

    /// A host that runs beside them.
    pub(in crate::cost::program) fn host(
        &self,
        ops: &[Op],
        host: impl FnOnce(&[Op], &mut Setting) -> Host,
    ) -> Result<Host, CostError> {
        Ok(match self.pricing.model {
            TimeModel::Roofline => Host::default(),
            TimeModel::Calibrated => {
                let host = host(ops, &mut self.setting(self.chip)?);
                host.stretched(self.stretch[OpFamily::Host])
            }
        })
    }

    /// Chips in a domain.
    pub(in crate::cost::program) fn domain(&self) -> u32 {
        domain_of(self.chip)
    }
}

/// The operators of a step at one clock.
pub(in crate::cost::program) struct Timed {
    pub(in crate::cost::program) pass: Pass,
    /// How a step is divided into parts that run beside each other, if it is.
    pub(in crate::cost::program) split: Option<Split>,
    decodes: CurveTable,
    /// Sums that prices depend on.
    sums: usize,
}

impl Timed {
    /// Those of `ops`, divided so; and where constants are from.
    pub(in crate::cost::program) fn new(
        ops: &[Op],
        division: Division,
        target: &Target,
    ) -> Result<(Self, BTreeSet<String>), CostError> {
        let (pass, mut provenance) = target.pass(ops, Host::new)?;
        let split = Split::of(division, target, &mut provenance)?;
        let sums = 1 + target.clips.len();
        Ok((Self { pass, split, decodes: CurveTable::new(), sums }, provenance))
    }

    /// Those of `pass`, undivided.
    pub(in crate::cost::program) fn of(pass: Pass, target: &Target) -> Self {
        let sums = 1 + target.clips.len();
        Self { pass, split: None, decodes: CurveTable::new(), sums }
    }

    /// The same with every family's time multiplied.
    pub(in crate::cost::program) fn stretched(self, stretch: Stretch) -> Self {
        Self {
            pass: self.pass.stretched(stretch),
            split: self.split.map(|split| split.stretched(stretch)),
            decodes: CurveTable::new(),
            ..self
        }
    }

    pub(in crate::cost::program) fn parts(&self, batch: &Batch) -> Breakdown {
        match &self.split {
            _ if batch.is_empty() => Breakdown::default(),
            Some(split) => split.parts(batch),
            None => self.pass.parts(&Slice::whole(batch)),
        }
    }

    /// All that one rank does in a step, or one of each pipeline stage.
    pub(in crate::cost::program) fn work(&self, batch: &Batch) -> Work {
        match &self.split {
            Some(split) => split.work(batch),
            None => self.pass.work(&Slice::whole(batch)),
        }
    }

    /// Time and work of any step, as whole numbers.
    pub(in crate::cost::program) fn cost(&self, batch: &Batch) -> Cost {
        match &self.split {
            _ if batch.is_empty() => Cost::default(),
            Some(split) => cost_of(split.parts(batch), split.work(batch)),
            None => self.pass.cost(&Slice::whole(batch)),
        }
    }

    /// The decode step of `decode` and those after it, see [`Pricer`](crate::cost::Pricer).
    pub(in crate::cost::program) fn series(
        &self,
        decode: &Decode,
        growing: &[u32; CLIPS],
    ) -> Series {
        let growth = growth_of(decode, growing);
        self.on_curve(decode.sequences, |curve| curve.series(&sums_of(decode), &growth))
    }

    /// The same, their costs being on a line.
    pub(in crate::cost::program) fn steps(
        &self,
        decode: &Decode,
        growing: &[u32; CLIPS],
    ) -> DecodeSteps {
        let (sums, growth) = (sums_of(decode), growth_of(decode, growing));
        self.on_curve(decode.sequences, |curve| curve.steps(sums, growth))
    }

    /// That line.
    pub(in crate::cost::program) fn line(&self, id: &LineId) -> Line {
        self.on_curve(id.sequences, |curve| curve.line(id))
    }

    fn on_curve<T>(&self, sequences: u32, ask: impl FnOnce(&Curve) -> T) -> T {
        let price = |sums: &Sums| self.sample(sequences, sums);
        let trace = || Curve::trace(sequences, self.sums, price);
        self.decodes.ask(sequences, trace, ask)
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
}

/// How much each sum of contexts grows by a step.
fn growth_of(decode: &Decode, growing: &[u32; CLIPS]) -> Sums {
    let mut growth = [u64::from(decode.sequences); 1 + CLIPS];
    growth[1..].copy_from_slice(&growing.map(u64::from));
    growth
}
