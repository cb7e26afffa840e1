//! Feed-forward layers: dense, or experts.

use super::weight::{Group, Split, Weight};

/// A feed-forward layer.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedForward {
    /// Every token passes the same matrices.
    Dense(Dense),
    /// A router sends each token to a few experts.
    Experts(Experts),
}

/// A dense feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Inner width.
    pub inter: u32,
    /// Three matrices (gate, up, down), not two.
    pub gated: bool,
}

/// A mixture of experts.
#[derive(Clone, Debug, PartialEq)]
pub struct Experts {
    /// Experts in the layer.
    pub experts: u32,
    /// Experts each token passes.
    pub top_k: u32,
    /// The shape of one.
    pub each: Dense,
    /// Experts work on a narrower stream of this width, with projections around them.
    pub latent: Option<u32>,
    /// Experts have bias vectors.
    pub bias: bool,
    /// What every token passes besides, as one dense layer.
    pub shared: Option<Dense>,
}

impl Dense {
    /// Output features of the first product, and how it divides.
    fn up(self) -> u64 {
        u64::from(self.inter) * if self.gated { 2 } else { 1 }
    }

    pub(crate) fn weights(
        self,
        hidden: u64,
        group: Group,
        [up, down]: [&'static str; 2],
    ) -> [Weight; 2] {
        let inter = u64::from(self.inter);
        [
            Weight::new(up, group, (self.up(), hidden), Split::Outputs(self.inter)),
            Weight::new(down, group, (hidden, inter), Split::Inputs(self.inter)),
        ]
    }
}

impl Experts {
    /// Width of what experts read and write.
    pub fn width(&self, hidden: u64) -> u64 {
        self.latent.map_or(hidden, u64::from)
    }

    /// Router and projections into a narrower stream.
    pub(crate) fn before(&self, hidden: u64) -> Vec<Weight> {
        let experts = u64::from(self.experts);
        let mut weights =
            vec![Weight::new("moe.router", Group::Small, (experts, hidden), Split::Whole)];
        if let Some(latent) = self.latent {
            let shape = (u64::from(latent), hidden);
            weights.push(Weight::new("moe.latent_in", Group::Shared, shape, Split::Whole));
        }
        weights
    }

    /// The experts themselves.
    pub(crate) fn routed(&self, hidden: u64) -> Vec<Weight> {
        let width = self.width(hidden);
        let inter = self.each.inter;
        let expert = |group, shape, split| {
            Weight::new("moe.experts", group, shape, split).repeated(self.experts, self.top_k)
        };
        let up = Split::ExpertOutputs(inter);
        let mut weights = vec![
            expert(Group::Experts, (self.each.up(), width), up),
            expert(Group::Experts, (width, u64::from(inter)), Split::ExpertInputs(inter)),
        ];
        if self.bias {
            weights.push(expert(Group::Small, (self.each.up() + width, 1), up));
        }
        weights
    }

    /// The projection back to the full stream.
    pub(crate) fn after(&self, hidden: u64) -> Option<Weight> {
        let shape = (hidden, u64::from(self.latent?));
        Some(Weight::new("moe.latent_out", Group::Shared, shape, Split::Whole))
    }

    /// What every token passes besides.
    pub(crate) fn shared(&self, hidden: u64) -> Vec<Weight> {
        let names = ["moe.shared_up", "moe.shared_down"];
        self.shared.map_or(Vec::new(), |dense| dense.weights(hidden, Group::Shared, names).into())
    }
}

impl FeedForward {
    /// Short name for tables: `dense` or `moe`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Dense(_) => "dense",
            Self::Experts(_) => "moe",
        }
    }

    /// Every matrix, in data-flow order.
    pub fn weights(&self, hidden: u64) -> Vec<Weight> {
        match self {
            Self::Dense(dense) => {
                dense.weights(hidden, Group::Dense, ["mlp.up", "mlp.down"]).into()
            }
            Self::Experts(experts) => {
                let mut weights = experts.before(hidden);
                weights.extend(experts.routed(hidden));
                weights.extend(experts.after(hidden));
                weights.extend(experts.shared(hidden));
                weights
            }
        }
    }
}
