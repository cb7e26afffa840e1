//! Mixers with a recurrent state instead of a cache that grows.

use crate::hardware::Format;
use crate::model::{LinearAttention, LinearKind, OpKind};

use super::mixer::Core;
use super::weight::{Group, Split, Weight};

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
    fn keys(&self) -> u32 {
        self.key_heads * self.key_dim
    }

    fn values(&self) -> u32 {
        self.heads * self.value_dim
    }

    /// Channels of the short convolution.
    pub fn conv_channels(&self) -> u32 {
        if self.conv_width == 0 { 0 } else { 2 * self.keys() + self.values() }
    }

    pub(super) fn inputs(&self, hidden: u64) -> Vec<Weight> {
        let weight =
            |name, n: u32, k, split| Weight::new(name, Group::Mixer, (u64::from(n), k), split);
        let values = Split::Outputs(self.heads);
        let keys = Split::Repeated(self.key_heads);
        // Values and gate; keys and queries (B and C); and one scalar or two a head.
        let mut weights = vec![
            weight("linear.in", 2 * self.values(), hidden, values),
            weight("linear.in", 2 * self.keys(), hidden, keys),
        ];
        let rank = u64::from(self.value_dim);
        match self.kind {
            LinearKind::Mamba2 => weights.push(weight("linear.in", self.heads, hidden, values)),
            LinearKind::Gdn => weights.push(weight("linear.in", 2 * self.heads, hidden, values)),
            LinearKind::Kda => {
                if !self.full_gate {
                    weights[0].n = u64::from(self.values());
                    weights.push(weight("linear.gate_a", self.value_dim, hidden, Split::Whole));
                    weights.push(weight("linear.gate_b", self.values(), rank, values));
                }
                weights.push(weight("linear.beta", self.heads, hidden, values));
                weights.push(weight("linear.decay_a", self.value_dim, hidden, Split::Whole));
                weights.push(weight("linear.decay_b", self.keys(), rank, keys));
            }
            LinearKind::Lightning => {}
        }
        weights
    }

    pub(super) fn outputs(&self, hidden: u64) -> Vec<Weight> {
        let k = u64::from(self.values());
        vec![Weight::new("linear.out", Group::Mixer, (hidden, k), Split::Inputs(self.heads))]
    }

    fn conv_channels_on_rank(&self, tp: u32) -> u32 {
        if self.conv_width == 0 {
            return 0;
        }
        2 * self.keys() / tp.min(self.key_heads) + self.values() / tp
    }

    pub(super) fn cores(&self, tp: u32) -> Vec<Core> {
        let core = LinearAttention {
            kind: self.kind,
            heads: self.heads / tp,
            key_dim: self.key_dim,
            value_dim: self.value_dim,
            state: self.state,
            conv_channels: self.conv_channels_on_rank(tp),
            conv_width: self.conv_width,
        };
        vec![("linear.core", OpKind::Linear(core))]
    }

    pub(super) fn state_bytes(&self, tp: u32) -> f64 {
        let state = f64::from(self.heads / tp * self.key_dim * self.value_dim);
        let tail = self.conv_channels_on_rank(tp) * self.conv_width.saturating_sub(1);
        state * self.state.bytes() + f64::from(tail) * Format::Bf16.bytes()
    }

    /// Update and read-out of the state: a multiply and an add each.
    pub(super) fn flops(&self) -> f64 {
        4.0 * f64::from(self.heads * self.key_dim * self.value_dim)
    }
}
