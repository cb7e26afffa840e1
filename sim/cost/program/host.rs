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
    /// Of it, gaps between kernels: nothing passes beside them.
    launches: f64,
    sequence: f64,
    first_token: Seconds,
    token: Seconds,
    /// Schedulers that share the sequences (attention-DP).
    spread: u32,
    /// Whether the next step is scheduled while this one runs.
    is_beside: bool,
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
            launches: row.kernel.get() * f64::from(kernels),
            sequence: row.sequence.get(),
            first_token: row.first_token,
            token: row.token,
            spread: ops.iter().map(|op| op.spread.groups).max().unwrap_or(1),
            is_beside: false,
        }
    }

    /// The same without the launches, which the workers of a pipeline make for themselves.
    pub(super) fn scheduler(ops: &[Op], setting: &mut Setting) -> Self {
        let row = &setting.calibration.host.engines[setting.engine.name()];
        let further = ops.iter().map(ranks).max().unwrap_or(1) - 1;
        let step = row.step.get() + row.rank.get() * f64::from(further);
        Self { step, launches: 0.0, ..Self::new(ops, setting) }
    }

    /// The launches alone.
    pub(super) fn launches(ops: &[Op], setting: &mut Setting) -> Self {
        let row = &setting.calibration.host.engines[setting.engine.name()];
        let kernels: u32 = ops.iter().map(|op| op.count).sum();
        let step = row.kernel.get() * f64::from(kernels);
        Self { step, launches: step, ..Self::default() }
    }

    /// The same without what each sequence takes.
    pub(super) fn of_steps(self) -> Self {
        Self { sequence: 0.0, ..self }
    }

    /// What each sequence takes of its own scheduler, alone.
    pub(super) fn of_sequences(self) -> Self {
        Self { step: 0.0, launches: 0.0, spread: 1, ..self }
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
            launches: self.launches * factor,
            sequence: self.sequence * factor,
            first_token: self.first_token * factor,
            token: self.token * factor,
            ..self
        }
    }

    /// The same, scheduling the next step while this one runs.
    pub(super) const fn beside(self) -> Self {
        Self { is_beside: true, ..self }
    }

    /// Whether it does that.
    pub(super) const fn is_beside(&self) -> bool {
        self.is_beside
    }

    /// What a step whose operators take at least `device` seconds waits for it: of scheduling, what
    /// outlasts them.
    pub(super) fn exposed(&self, batch: &Batch, device: f64) -> f64 {
        if !self.is_beside {
            return self.time(batch);
        }
        let scheduling = self.time(batch) - self.launches;
        self.launches + (scheduling - device - self.launches).max(0.0)
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
