//! Mixers with a recurrent state instead of a cache that grows.

use crate::hardware::Format;
use crate::model::{LinearAttention, LinearKind, OpKind};

use super::mixer::Core;
use super::weight::{Group, Split, Weight, features};

/// A state-space or linear-attention mixer.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// Which recurrence.
    pub kind: LinearKind,
    /// Heads, each with its own state.
    pub heads: u32,
    /// Heads of queries and keys (groups of B and C in Mamba-2).
    pub key_heads: u32,
    /// Rows of a head's state: key width, or the state size of Mamba-2.
    pub key_dim: u32,
    /// Columns of a head's state.
    pub value_dim: u32,
    /// Width of the short convolution (0: none).
    pub conv_width: u32,
    /// The output gate is one full matrix, not a factored one (Kimi delta attention).
    pub full_gate: bool,
    /// Format of the state.
    pub state: Format,
}

impl Recurrent {
    fn keys(&self) -> u64 {
        features(self.key_heads, self.key_dim)
    }

    fn values(&self) -> u64 {
        features(self.heads, self.value_dim)
    }

    /// Channels of the short convolution.
    pub fn conv_channels(&self) -> u64 {
        if self.conv_width == 0 { 0 } else { 2 * self.keys() + self.values() }
    }

    pub(super) fn inputs(&self, hidden: u64) -> Vec<Weight> {
        let weight = |name, n, k, split| Weight::new(name, Group::Mixer, (n, k), split);
        let values = Split::Outputs(self.heads);
        let keys = Split::Repeated(self.key_heads);
        // Values and gate; keys and queries (B and C); and one scalar or two a head.
        let mut weights = vec![
            weight("linear.in", 2 * self.values(), hidden, values),
            weight("linear.in", 2 * self.keys(), hidden, keys),
        ];
        let (heads, rank) = (u64::from(self.heads), u64::from(self.value_dim));
        match self.kind {
            LinearKind::Mamba2 => weights.push(weight("linear.in", heads, hidden, values)),
            LinearKind::Gdn => weights.push(weight("linear.in", 2 * heads, hidden, values)),
            LinearKind::Kda => {
                if !self.full_gate {
                    weights[0].n = self.values();
                    weights.push(weight("linear.gate_a", rank, hidden, Split::Whole));
                    weights.push(weight("linear.gate_b", self.values(), rank, values));
                }
                weights.push(weight("linear.beta", heads, hidden, values));
                weights.push(weight("linear.decay_a", rank, hidden, Split::Whole));
                weights.push(weight("linear.decay_b", self.keys(), rank, keys));
            }
            LinearKind::Lightning => {}
        }
        weights
    }

    pub(super) fn outputs(&self, hidden: u64) -> Vec<Weight> {
        let k = self.values();
        vec![Weight::new("linear.out", Group::Mixer, (hidden, k), Split::Inputs(self.heads))]
    }

    fn conv_channels_on_rank(&self, tp: u32) -> u64 {
        if self.conv_width == 0 {
            return 0;
        }
        2 * self.keys() / u64::from(tp.min(self.key_heads)) + self.values() / u64::from(tp)
    }

    pub(super) fn cores(&self, tp: u32) -> Vec<Core> {
        let core = LinearAttention {
            kind: self.kind,
            heads: self.heads / tp,
            key_dim: self.key_dim,
            value_dim: self.value_dim,
            state: self.state,
            conv_channels: self.conv_channels_on_rank(tp) as u32,
            conv_width: self.conv_width,
        };
        vec![("linear.core", OpKind::Linear(core))]
    }

    pub(super) fn state_bytes(&self, tp: u32) -> f64 {
        let state = features(self.heads / tp, self.key_dim) as f64 * f64::from(self.value_dim);
        let tail = self.conv_channels_on_rank(tp) * u64::from(self.conv_width.saturating_sub(1));
        state * self.state.bytes() + tail as f64 * Format::Bf16.bytes()
    }

    /// Update and read-out of the state: a multiply and an add each.
    pub(super) fn flops(&self) -> f64 {
        4.0 * self.values() as f64 * f64::from(self.key_dim)
    }
}
