//! From operators to forms.

use crate::cost::batch::CLIPS;
use crate::cost::forms::{
    CollectiveForm, DecodeForm, ElementwiseForm, GemmForm, IndexerForm, LinearForm, MoeForm,
    PrefillForm, Setting,
};
use crate::cost::machine::CostError;
use crate::cost::work::{ContextForm, RowForm};
use crate::model::{Attention, Collective, CollectiveKind, Gemm, Moe, Op, OpKind, Rows};

/// An operator's form or forms.
pub(super) enum Compiled {
    /// Its cost depends on this count of rows.
    ByRows(Rows, Box<dyn RowForm>),
    /// Its cost depends on contexts; decode and prefill may be kernels of their own.
    ByContext(Vec<Box<dyn ContextForm>>),
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
        OpKind::Mla(mla) => mla.selected.map(|keys| keys.saturating_mul(mla.compression.max(1))),
        _ => None,
    }
}

/// The form of `op`, one of `ops`.
pub(super) fn compile(op: &Op, ops: &[Op], setting: &mut Setting) -> Result<Compiled, CostError> {
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
        OpKind::Indexer(indexer) => {
            Compiled::ByContext(vec![Box::new(IndexerForm::new(indexer, setting))])
        }
        OpKind::Linear(linear) => {
            Compiled::ByContext(vec![Box::new(LinearForm::new(linear, setting))])
        }
    })
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
pub(super) fn shape(kind: &OpKind) -> String {
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
        OpKind::Moe(Moe { hidden, inter, experts, top_k, ep, weights, .. }) => {
            format!("{top_k} of {experts} × {hidden}×{inter} ep{ep} {weights}")
        }
        OpKind::Collective(Collective { kind, ranks, bytes_per_token, .. }) => {
            let kind = match kind {
                CollectiveKind::AllReduce => "all-reduce",
                CollectiveKind::AllGather => "all-gather",
                CollectiveKind::ReduceScatter => "reduce-scatter",
                CollectiveKind::Dispatch => "dispatch",
                CollectiveKind::Combine => "combine",
                CollectiveKind::Send => "send",
            };
            format!("{kind} of {ranks}, {bytes_per_token} B/token")
        }
        OpKind::Elementwise { bytes_per_token } => format!("{bytes_per_token} B/token"),
    }
}
