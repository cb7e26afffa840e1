//! Adds operators to a graph, one after another, in the shapes of one rank.

use petgraph::graph::NodeIndex;

use crate::hardware::Format;
use crate::model::{
    Collective, CollectiveKind, Gemm, Group, Layer, Model, Op, OpKind, Plan, Precision, Rows,
    Spread, Weight,
};

use super::dag::Graph;

/// Bytes of one activation.
pub(super) const ACTIVATION: f64 = Format::Bf16.bytes();

/// A graph under construction.
pub(super) struct Builder<'a> {
    pub(super) model: &'a Model,
    pub(super) plan: &'a Plan,
    pub(super) precision: &'a Precision,
    pub(super) graph: Graph,
    /// How often the layer at hand runs.
    pub(super) count: u32,
    /// The operator whose result is the residual stream, and the latest one.
    pub(super) residual: Option<NodeIndex>,
    pub(super) last: Option<NodeIndex>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(model: &'a Model, plan: &'a Plan, precision: &'a Precision) -> Self {
        let graph = Graph::new();
        Self { model, plan, precision, graph, count: 1, residual: None, last: None }
    }

    /// Adds an operator after the latest one.
    ///
    /// `spread` is the plan's, for what works on a group's own tokens.
    pub(super) fn push(&mut self, name: &str, spread: Spread, kind: OpKind) -> NodeIndex {
        let op = Op { name: name.into(), count: self.count, spread, kind };
        let node = self.graph.add(op, self.last.as_slice());
        self.last = Some(node);
        node
    }

    /// Adds a further input to `node`.
    pub(super) fn join(&mut self, node: NodeIndex, source: Option<NodeIndex>) {
        if let Some(source) = source.filter(|source| *source != node) {
            self.graph.connect(source, node);
        }
    }

    /// An operator that reads and writes `values` activations per token.
    pub(super) fn elementwise(&mut self, name: &str, values: u64) -> NodeIndex {
        let bytes_per_token = values as f64 * ACTIVATION;
        self.push(name, self.plan.spread(), OpKind::Elementwise { bytes_per_token })
    }

    /// Matrices in order; neighbours that share name, input width and format run as one product.
    pub(super) fn gemms(&mut self, layer: &Layer, weights: &[Weight]) {
        for run in weights.chunk_by(|a, b| (a.name, a.k, a.group) == (b.name, b.k, b.group)) {
            let format = self.model.format(layer, run[0].group, *self.precision);
            let local: Vec<Weight> = run.iter().map(|weight| weight.on_rank(self.plan)).collect();
            let n = local.iter().map(|weight| weight.n).sum();
            let gemm = Gemm { n, k: local[0].k, weights: format, rows: Rows::Tokens };
            self.push(run[0].name, self.plan.spread(), OpKind::Gemm(gemm));
        }
    }

    /// A collective of `ranks`, unless there is only one; `spread` as in [`push`](Self::push).
    pub(super) fn collective(
        &mut self,
        name: &str,
        kind: CollectiveKind,
        (ranks, spread): (u32, Spread),
        bytes_per_token: f64,
    ) {
        if ranks > 1 {
            let collective = Collective { kind, ranks, bytes_per_token, rows: Rows::Tokens };
            self.push(name, spread, OpKind::Collective(collective));
        }
    }

    /// The sum over a tensor-parallel group of what its ranks computed in part.
    pub(super) fn all_reduce(&mut self, name: &str) {
        let bytes = self.model.width() as f64 * ACTIVATION;
        let group = (self.plan.tp, self.plan.spread());
        self.collective(name, CollectiveKind::AllReduce, group, bytes);
    }

    /// Adds what came before to the residual stream and normalises it, before a sublayer.
    ///
    /// Reads the result and the residual, writes the sum and its norm; with several residual
    /// streams, reads and writes all of them.
    pub(super) fn norm(&mut self, name: &str, layer: &Layer) {
        let before = self.residual;
        let values = 2 * (u64::from(layer.streams) + 1) * self.model.width();
        let node = self.elementwise(name, values);
        self.join(node, before);
        self.residual = Some(node);
        let mix = layer.stream_mix(self.model.width());
        self.gemms(layer, mix.as_slice());
    }

    /// The last norm, the output projection and the gathering of its parts.
    pub(super) fn head(&mut self) {
        self.count = 1;
        let before = self.residual;
        let node = self.elementwise("final.norm", 4 * self.model.width());
        self.join(node, before);
        let head = self.model.lm_head().on_rank(self.plan);
        debug_assert_eq!(head.group, Group::Head);
        let (n, k, spread) = (head.n, head.k, self.plan.spread());
        let gemm = Gemm { n, k, weights: self.model.head, rows: Rows::Logits };
        self.push("lm_head", spread, OpKind::Gemm(gemm));
        if self.plan.tp > 1 {
            let gather = Collective {
                kind: CollectiveKind::AllGather,
                ranks: self.plan.tp,
                bytes_per_token: f64::from(self.model.vocab) * ACTIVATION,
                rows: Rows::Logits,
            };
            self.push("lm_head.gather", spread, OpKind::Collective(gather));
        }
    }
}
