//! Weight matrices: the one list that parameters, bytes, FLOPs and GEMMs are all counted from.

use crate::model::{Plan, Spread};

/// What kind of layer a matrix belongs to; quantisation goes by this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Projections of attention, of its indexer, or of a recurrent mixer.
    Mixer,
    /// A dense feed-forward layer.
    Dense,
    /// Routed experts.
    Experts,
    /// Experts that every token passes, and projections around the routed ones.
    Shared,
    /// The output projection to the vocabulary.
    Head,
    /// Routers, compressors and other small matrices that stay in 16 bits.
    Small,
}

/// How a matrix is divided among ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Every rank of a tensor-parallel group holds all of it.
    Whole,
    /// Output features divide by `tp`, in this many units (heads, channels).
    Outputs(u32),
    /// The same; where there are fewer units than ranks, units are repeated (KV heads).
    Repeated(u32),
    /// Input features divide by `tp`, in this many units.
    Inputs(u32),
    /// Output features divide by `tp`, padded up (vocabularies).
    Padded,
    /// Whole experts over `ep` ranks, and this many output units of each over the rest.
    ExpertOutputs(u32),
    /// Whole experts over `ep` ranks, and this many input units of each over the rest.
    ExpertInputs(u32),
}

/// A matrix `[n, k]`, or as many equal ones as there are experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The operator it belongs to; neighbours of one name and one `k` run as one GEMM.
    pub name: &'static str,
    /// Its kind.
    pub group: Group,
    /// Output features.
    pub n: u64,
    /// Input features.
    pub k: u64,
    /// How it is divided.
    pub split: Split,
    /// How many there are.
    pub copies: u32,
    /// How many of them a token passes.
    pub active: u32,
}

/// Features of `units` that are `width` wide each.
pub(super) fn features(units: u32, width: u32) -> u64 {
    u64::from(units) * u64::from(width)
}

impl Weight {
    /// A single matrix from `k` to `n` features.
    pub fn new(name: &'static str, group: Group, (n, k): (u64, u64), split: Split) -> Self {
        Self { name, group, n, k, split, copies: 1, active: 1 }
    }

    /// The same matrix in `copies` experts of which a token passes `active`.
    pub fn repeated(self, copies: u32, active: u32) -> Self {
        Self { copies, active, ..self }
    }

    /// Parameters in all copies.
    pub fn params(&self) -> u64 {
        self.n * self.k * u64::from(self.copies)
    }

    /// Parameters that one token passes.
    pub fn active_params(&self) -> u64 {
        self.n * self.k * u64::from(self.active)
    }

    /// The part that one rank holds under `plan`.
    pub fn on_rank(&self, plan: &Plan) -> Self {
        let tp = u64::from(plan.tp);
        let within = u64::from(plan.ranks_per_expert());
        let copies = self.copies.div_ceil(plan.ep) + plan.redundant;
        match self.split {
            Split::Whole => *self,
            Split::Outputs(_) | Split::Padded => Self { n: self.n.div_ceil(tp), ..*self },
            Split::Repeated(units) => {
                Self { n: self.n.div_ceil(tp.min(u64::from(units))), ..*self }
            }
            Split::Inputs(_) => Self { k: self.k.div_ceil(tp), ..*self },
            Split::ExpertOutputs(_) => Self { n: self.n.div_ceil(within), copies, ..*self },
            Split::ExpertInputs(_) => Self { k: self.k.div_ceil(within), copies, ..*self },
        }
    }
}

impl Plan {
    /// Ranks of one pipeline stage.
    pub const fn ranks_per_stage(&self) -> u32 {
        self.tp * self.dp * self.cp
    }

    /// Groups of `tp` ranks with tokens of their own.
    pub const fn groups(&self) -> u32 {
        self.dp * self.cp
    }

    /// How what works on a group's own tokens is spread over the groups.
    pub const fn spread(&self) -> Spread {
        Spread { groups: self.dp, parts: self.cp }
    }

    /// Ranks that hold slices of the same expert.
    pub const fn ranks_per_expert(&self) -> u32 {
        self.ranks_per_stage() / self.ep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_value_heads_repeat_and_query_heads_do_not() {
        let plan = Plan::tp(16);
        let q = Weight::new("q", Group::Mixer, (64 * 128, 8192), Split::Outputs(64));
        let kv = Weight::new("kv", Group::Mixer, (8 * 128, 8192), Split::Repeated(8));
        assert_eq!(q.on_rank(&plan).n, 4 * 128);
        assert_eq!(kv.on_rank(&plan).n, 128);
    }

    #[test]
    fn experts_divide_by_ep_then_within() {
        let plan = Plan { tp: 2, ep: 4, dp: 4, ..Plan::tp(1) };
        let up = Weight::new("up", Group::Experts, (4096, 7168), Split::ExpertOutputs(2048));
        let local = up.repeated(256, 8).on_rank(&plan);
        assert_eq!((local.copies, local.n), (64, 2048));
        assert_eq!(local.params() * 8, up.repeated(256, 8).params());
        let copied = up.repeated(256, 8).on_rank(&Plan { redundant: 3, ..plan });
        assert_eq!((copied.copies, copied.n), (67, 2048));
    }
}
