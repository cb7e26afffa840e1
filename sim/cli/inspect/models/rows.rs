//! A model as a document; units ride in the keys.

use serde::Serialize;

use crate::hardware::Format;
use crate::model::{FeedForward, Group, Layer, Mixer, Model, Plan};
use crate::units::Bytes;

/// What `models list` says of a model, and `models show` first.
#[derive(Debug, Serialize)]
pub(super) struct ModelRow<'a> {
    pub(super) name: &'a str,
    pub(super) architecture: &'a str,
    pub(super) layers: usize,
    hidden: u32,
    vocab: u32,
    pub(super) context_tokens: u32,
    /// Embedding and output projection included, multi-token prediction left out.
    pub(super) params_total: u64,
    /// Those that one token passes.
    pub(super) params_active: u64,
    params_draft: u64,
    /// The whole model in its checkpoint's formats.
    pub(super) weight_bytes: u64,
    /// What grows with the context, in `kv_format`; sliding windows are apart.
    pub(super) kv_bytes_per_token: f64,
    pub(super) kv_format: Format,
    windows: Vec<WindowRow>,
    pub(super) state_bytes_per_sequence: f64,
}

/// Layers that keep only the latest tokens.
#[derive(Debug, Serialize)]
struct WindowRow {
    window_tokens: u32,
    kv_bytes_per_token: f64,
}

/// Parameters of one kind in one format.
#[derive(Debug, Serialize)]
pub(super) struct FormatRow {
    pub(super) group: &'static str,
    pub(super) format: Format,
    pub(super) params: u64,
}

/// Equal layers.
#[derive(Debug, Serialize)]
pub(super) struct BlockRow {
    pub(super) count: u32,
    pub(super) mixer: Option<&'static str>,
    pub(super) feed_forward: Option<String>,
    pub(super) params: u64,
}

impl<'a> From<&'a Model> for ModelRow<'a> {
    fn from(model: &'a Model) -> Self {
        let whole = Plan::tp(1);
        let windows = model.kv_windows(model.kv, &whole).into_iter();
        Self {
            name: &model.name,
            architecture: &model.architecture,
            layers: model.layers.len(),
            hidden: model.hidden,
            vocab: model.vocab,
            context_tokens: model.context,
            params_total: model.params_total(),
            params_active: model.params_active(),
            params_draft: model.params_draft(),
            weight_bytes: whole_bytes(model.weight_bytes(&model.native_precision(), &whole)),
            kv_bytes_per_token: model.kv_bytes_per_token(model.kv, &whole).get(),
            kv_format: model.kv,
            windows: windows
                .map(|(window_tokens, bytes)| WindowRow {
                    window_tokens,
                    kv_bytes_per_token: bytes.get(),
                })
                .collect(),
            state_bytes_per_sequence: model.state_bytes_per_sequence(&whole).get(),
        }
    }
}

impl FormatRow {
    /// The formats of the checkpoint.
    pub(super) fn all(model: &Model) -> Vec<Self> {
        let formats = model.formats(&model.native_precision()).into_iter();
        formats
            .map(|(group, format, params)| Self { group: group_name(group), format, params })
            .collect()
    }
}

impl BlockRow {
    /// The blocks of `model`, in order of first appearance.
    pub(super) fn all(model: &Model) -> Vec<Self> {
        let blocks = model.blocks().into_iter();
        blocks.map(|block| Self::of(block.count, block.layer, model.hidden)).collect()
    }

    fn of(count: u32, layer: &Layer, hidden: u32) -> Self {
        Self {
            count,
            mixer: layer.mixer.as_ref().map(Mixer::name),
            feed_forward: layer.feed_forward.as_ref().map(feed_forward),
            params: layer.params(u64::from(hidden)),
        }
    }
}

/// Exact: documents round other floats to six digits.
fn whole_bytes(bytes: Bytes) -> u64 {
    bytes.get().round() as u64
}

fn feed_forward(part: &FeedForward) -> String {
    match part {
        FeedForward::Dense(dense) => format!("dense {}", dense.inter),
        FeedForward::Experts(moe) => {
            let shared = moe.shared.map(|shared| format!(", shared {}", shared.inter));
            format!(
                "{} experts of {}, top {}{}",
                moe.experts,
                moe.each.inter,
                moe.top_k,
                shared.unwrap_or_default()
            )
        }
    }
}

const fn group_name(group: Group) -> &'static str {
    match group {
        Group::Mixer => "mixer",
        Group::Dense => "dense",
        Group::Experts => "experts",
        Group::Shared => "shared",
        Group::Head => "head",
        Group::Small => "small",
    }
}
