//! The host's time.

use crate::cost::batch::Batch;
use crate::cost::forms::Setting;
use crate::cost::work::share;
use crate::model::{Collective, CollectiveKind, Op, OpKind};
use crate::units::Seconds;

/// An engine's host time per step, per sequence of one scheduler, and per request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Host {
    step: f64,
    sequence: f64,
    first_token: Seconds,
    token: Seconds,
    /// Schedulers that share the sequences (attention-DP).
    spread: u32,
}

impl Host {
    /// The host of the setting's engine, for a model of these operators.
    pub(super) fn new(ops: &[Op], setting: &mut Setting) -> Self {
        let engine = setting.engine.name();
        let row = &setting.calibration.host.engines[engine];
        setting.note(format!("host {engine}: {}", row.fitted));
        let kernels: u32 = ops.iter().map(|op| op.count).sum();
        let further = ops.iter().map(ranks).max().unwrap_or(1) - 1;
        Self {
            step: row.step.get()
                + row.kernel.get() * f64::from(kernels)
                + row.rank.get() * f64::from(further),
            sequence: row.sequence.get(),
            first_token: row.first_token,
            token: row.token,
            spread: ops.iter().map(|op| op.spread.groups).max().unwrap_or(1),
        }
    }

    /// The same without the launches, which the workers of a pipeline make for themselves.
    pub(super) fn scheduler(ops: &[Op], setting: &mut Setting) -> Self {
        let row = &setting.calibration.host.engines[setting.engine.name()];
        let further = ops.iter().map(ranks).max().unwrap_or(1) - 1;
        let step = row.step.get() + row.rank.get() * f64::from(further);
        Self { step, ..Self::new(ops, setting) }
    }

    /// The launches alone.
    pub(super) fn launches(ops: &[Op], setting: &mut Setting) -> Self {
        let row = &setting.calibration.host.engines[setting.engine.name()];
        let kernels: u32 = ops.iter().map(|op| op.count).sum();
        Self { step: row.kernel.get() * f64::from(kernels), ..Self::default() }
    }

    /// The same without what each sequence takes.
    pub(super) fn of_steps(self) -> Self {
        Self { sequence: 0.0, ..self }
    }

    /// What each sequence takes of its own scheduler, alone.
    pub(super) fn of_sequences(self) -> Self {
        Self { step: 0.0, spread: 1, ..self }
    }

    /// Its time for a step: every decode and every chunk is a sequence.
    pub(super) fn time(&self, batch: &Batch) -> f64 {
        let sequences = batch.decode.sequences + batch.prefill.chunks;
        self.step + share(sequences, self.spread) * self.sequence
    }

    /// The same, slower by `factor`.
    pub(super) fn stretched(self, factor: f64) -> Self {
        Self {
            step: self.step * factor,
            sequence: self.sequence * factor,
            first_token: self.first_token * factor,
            token: self.token * factor,
            spread: self.spread,
        }
    }

    pub(super) const fn first_token(&self) -> Seconds {
        self.first_token
    }

    /// Receiving and tokenising a prompt.
    pub(super) fn reading(&self, prompt: u32) -> Seconds {
        self.token * f64::from(prompt)
    }
}

/// Ranks that an operator runs on together.
const fn ranks(op: &Op) -> u32 {
    match &op.kind {
        OpKind::Collective(Collective { kind: CollectiveKind::Send, .. }) => 1,
        OpKind::Collective(collective) => collective.ranks,
        OpKind::Ring(ring) => ring.ranks * ring.stride,
        _ => 1,
    }
}
