//! From operators to forms.

use super::price::OpTime;
use super::stretch::OpFamily;
use crate::cost::batch::CLIPS;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::forms::{
    CollectiveForm, DecodeForm, ElementwiseForm, GemmForm, IndexerForm, LinearForm, MoeForm,
    PrefillForm, RingForm, Setting,
};
use crate::cost::machine::CostError;
use crate::cost::profile::TimeModel;
use crate::cost::work::{ContextForm, Load, RowForm, Slice, Work, rows_of};
use crate::model::{
    Attention, Collective, CollectiveKind, Gemm, Moe, Op, OpKind, Ring, Rows, Spread,
};
use crate::units::{Bytes, Flop};

/// An operator's form or forms.
pub(super) enum Compiled {
    /// Its cost depends on this count of rows.
    ByRows(Rows, Box<dyn RowForm>),
    /// Its cost depends on contexts; decode and prefill may be kernels of their own.
    ByContext(Vec<Box<dyn ContextForm>>),
}

/// What an operator sees of a step, according to its form.
pub(super) enum View<'a> {
    /// Rows on one rank.
    Rows(f64),
    Load(Load<'a>),
}

/// An operator and its form.
pub(super) struct CompiledOp {
    pub(super) name: String,
    pub(super) shape: String,
    pub(super) count: u32,
    pub(super) spread: Spread,
    pub(super) family: OpFamily,
    /// `count`, times what its family is stretched by.
    pub(super) weight: f64,
    /// `count`, times the share of the ranks that do it: what its work counts.
    pub(super) load: f64,
    /// What its latencies on the die are multiplied by.
    slow: f64,
    pub(super) form: Compiled,
}

/// The distinct clip lengths of `ops`, in tokens, shortest first.
///
/// Beyond [`CLIPS`] the shortest are dropped: their operators are priced with the next longer.
pub(super) fn clips(ops: &[Op]) -> Vec<u32> {
    let mut clips: Vec<u32> = ops.iter().filter_map(|op| clip(&op.kind)).collect();
    clips.sort_unstable();
    clips.dedup();
    let surplus = clips.len().saturating_sub(CLIPS);
    clips.split_off(surplus)
}

fn clip(kind: &OpKind) -> Option<u32> {
    match kind {
        OpKind::Attention(attention) => attention.window,
        OpKind::Ring(ring) => ring.attention.window(),
        OpKind::Mla(mla) => mla.selected.map(|keys| keys.saturating_mul(mla.compression.max(1))),
        _ => None,
    }
}

/// The form of `op`, one of `ops`.
fn compile(op: &Op, ops: &[Op], setting: &mut Setting) -> Result<Compiled, CostError> {
    Ok(match &op.kind {
        OpKind::Gemm(gemm) => Compiled::ByRows(gemm.rows, Box::new(GemmForm::new(gemm, setting))),
        OpKind::Moe(moe) => Compiled::ByRows(Rows::Tokens, Box::new(MoeForm::new(moe, setting))),
        OpKind::Elementwise { bytes_per_token } => {
            let form = ElementwiseForm::new(*bytes_per_token, setting);
            Compiled::ByRows(Rows::Tokens, Box::new(form))
        }
        OpKind::Collective(collective) => {
            let form = CollectiveForm::new(collective, top_k(ops), setting)?;
            Compiled::ByRows(collective.rows, Box::new(form))
        }
        OpKind::Attention(attention) => Compiled::ByContext(vec![
            Box::new(DecodeForm::attention(attention, setting)),
            Box::new(PrefillForm::attention(attention, setting)),
        ]),
        OpKind::Mla(mla) => Compiled::ByContext(vec![
            Box::new(DecodeForm::mla(mla, setting)),
            Box::new(PrefillForm::mla(mla, setting)),
        ]),
        OpKind::Ring(ring) => Compiled::ByContext(vec![Box::new(RingForm::new(ring, setting)?)]),
        OpKind::Indexer(indexer) => {
            Compiled::ByContext(vec![Box::new(IndexerForm::new(indexer, setting))])
        }
        OpKind::Linear(linear) => {
            Compiled::ByContext(vec![Box::new(LinearForm::new(linear, setting))])
        }
    })
}

/// `plain`, with what reads memory in decode as in `near`.
fn nearer(plain: Compiled, near: Compiled) -> Compiled {
    match (plain, near) {
        (Compiled::ByContext(plain), Compiled::ByContext(near)) => {
            let prefill = plain.into_iter().skip(1);
            Compiled::ByContext(near.into_iter().take(1).chain(prefill).collect())
        }
        (_, near) => near,
    }
}

/// Experts per token of the model, each of which gets a copy from a low-latency dispatch.
fn top_k(ops: &[Op]) -> u32 {
    let experts = ops.iter().filter_map(|op| match &op.kind {
        OpKind::Moe(moe) => Some(moe.top_k),
        _ => None,
    });
    experts.max().unwrap_or(1)
}

/// The shape of an operator, for tables.
fn shape(kind: &OpKind) -> String {
    match kind {
        OpKind::Gemm(Gemm { n, k, weights, rows }) => {
            let rows = if *rows == Rows::Logits { "logits" } else { "m" };
            format!("{rows}×{n}×{k} {weights}")
        }
        OpKind::Attention(Attention { heads, kv_heads, head_dim, window, kv, .. }) => {
            let window = window.map_or(String::new(), |window| format!(" window {window}"));
            format!("{heads}/{kv_heads} heads × {head_dim} kv {kv}{window}")
        }
        OpKind::Mla(mla) => {
            let selected = mla.selected.map_or(String::new(), |keys| format!(" top {keys}"));
            format!("{} heads, {}+{} kv {}{selected}", mla.heads, mla.latent, mla.rope, mla.kv)
        }
        OpKind::Indexer(indexer) => {
            format!("{} heads × {} keys {}", indexer.heads, indexer.dim, indexer.keys)
        }
        OpKind::Linear(linear) => format!(
            "{:?} {} heads × {}×{} state {}",
            linear.kind, linear.heads, linear.key_dim, linear.value_dim, linear.state
        ),
        OpKind::Moe(Moe { hidden, inter, experts, top_k, ep, redundant, weights, .. }) => {
            let copies = if *redundant > 0 { format!("+{redundant}") } else { String::new() };
            format!("{top_k} of {experts} × {hidden}×{inter} ep{ep}{copies} {weights}")
        }
        OpKind::Collective(Collective { kind, ranks, bytes_per_token, .. }) => {
            let kind = match kind {
                CollectiveKind::AllReduce => "all-reduce",
                CollectiveKind::AllGather => "all-gather",
                CollectiveKind::ReduceScatter => "reduce-scatter",
                CollectiveKind::Dispatch => "dispatch",
                CollectiveKind::Combine => "combine",
                CollectiveKind::Send => return format!("send, {bytes_per_token} B/token"),
            };
            format!("{kind} of {ranks}, {bytes_per_token} B/token")
        }
        OpKind::Ring(Ring { attention, ranks, .. }) => {
            let [queries, outputs] = attention.token_bytes();
            let (keys, out) = (attention.key_bytes(), queries + outputs);
            format!("ring of {ranks}, {keys} B/key or {out} B/token")
        }
        OpKind::Elementwise { bytes_per_token } => format!("{bytes_per_token} B/token"),
    }
}

impl CompiledOp {
    /// `op`, one of `ops`; what its decode reads comes from the memory of `near` if there is one.
    pub(super) fn new(
        op: &Op,
        ops: &[Op],
        setting: &mut Setting,
        near: Option<Setting>,
    ) -> Result<Self, CostError> {
        let plain = compile(op, ops, setting)?;
        let form = match near {
            Some(mut near) => nearer(plain, compile(op, ops, &mut near)?),
            None => plain,
        };
        let (name, shape, family) = (op.name.clone(), shape(&op.kind), OpFamily::of(&op.kind));
        let weight = f64::from(op.count);
        Ok(Self {
            name,
            shape,
            count: op.count,
            spread: op.spread,
            family,
            weight,
            load: weight,
            slow: 1.0,
            form,
        })
    }

    /// The same on cores that run at the share `clock` of their clock: floors of kernels and serial
    /// loops take as many cycles. Collectives wait for links.
    pub(super) fn at_clock(mut self, clock: f64) -> Self {
        if self.family != OpFamily::Collectives {
            self.slow /= clock;
        }
        self
    }

    /// `parts` at its clock.
    pub(super) fn slowed(&self, mut parts: Breakdown) -> Breakdown {
        parts[Bound::Latency] *= self.slow;
        parts
    }

    /// What it sees of a step.
    pub(super) fn view<'a>(&self, slice: &'a Slice) -> View<'a> {
        match self.form {
            Compiled::ByRows(of, _) => {
                View::Rows(f64::from(rows_of(&slice.batch, of, self.spread)))
            }
            Compiled::ByContext(_) => View::Load(Load::of(slice, self.spread)),
        }
    }

    /// One repetition's time.
    pub(super) fn parts(&self, view: &View, model: TimeModel) -> Breakdown {
        let mut parts = Breakdown::default();
        match (&self.form, view) {
            (Compiled::ByRows(_, form), View::Rows(rows)) => {
                parts = row_time(form.as_ref(), *rows, model);
            }
            (Compiled::ByContext(forms), View::Load(load)) => {
                for form in forms {
                    parts += context_time(form.as_ref(), load, model);
                }
            }
            _ => unreachable!("an operator is shown its own view"),
        }
        self.slowed(parts)
    }

    /// One repetition's work.
    pub(super) fn work(&self, view: &View) -> Work {
        match (&self.form, view) {
            (Compiled::ByRows(_, form), View::Rows(rows)) if *rows > 0.0 => form.work(*rows),
            (Compiled::ByContext(forms), View::Load(load)) => {
                forms.iter().fold(Work::default(), |sum, form| sum + form.work(load))
            }
            _ => Work::default(),
        }
    }

    pub(super) fn price(&self, slice: &Slice, model: TimeModel) -> OpTime {
        let count = f64::from(self.count);
        let view = self.view(slice);
        let parts = self.parts(&view, model).scaled(self.weight);
        let work = self.work(&view);
        OpTime {
            name: self.name.clone(),
            count: self.count,
            shape: self.shape.clone(),
            flops: Flop::new(work.flops * count),
            bytes: Bytes::new(work.bytes * count),
            wire: Bytes::new(work.wire * count),
            time: parts.total(),
            parts,
            family: self.family,
            link: match &self.form {
                Compiled::ByRows(_, form) => form.narrowest(),
                Compiled::ByContext(forms) => forms.iter().find_map(|form| form.narrowest()),
            }
            .cloned(),
        }
    }
}

/// The time of `rows` rows.
pub(super) fn row_time(form: &dyn RowForm, rows: f64, model: TimeModel) -> Breakdown {
    match model {
        _ if rows == 0.0 => Breakdown::default(),
        TimeModel::Roofline => form.peaks().roofline(form.work(rows)),
        TimeModel::Calibrated => form.time(rows),
    }
}

fn context_time(form: &dyn ContextForm, load: &Load, model: TimeModel) -> Breakdown {
    match model {
        TimeModel::Roofline => form.roofline(load),
        TimeModel::Calibrated => form.time(load),
    }
}
