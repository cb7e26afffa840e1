//! The operator graph: what a forward pass runs, and in which order.

use petgraph::dot::{Config, Dot};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeRef, Topo};

use crate::model::Op;

/// The operators of one forward pass on one rank; edges follow the data.
///
/// Layers that repeat appear once; [`Op::count`] says how often they run. Over pipeline stages
/// the counts are those of the whole pass: what one rank runs is its stage's share of them.
#[derive(Clone, Debug)]
pub struct Graph {
    dag: DiGraph<Op, ()>,
}

impl Graph {
    pub(super) fn new() -> Self {
        Self { dag: DiGraph::new() }
    }

    pub(super) fn add(&mut self, op: Op, after: &[NodeIndex]) -> NodeIndex {
        let node = self.dag.add_node(op);
        for &source in after {
            self.dag.update_edge(source, node, ());
        }
        node
    }

    pub(super) fn connect(&mut self, source: NodeIndex, target: NodeIndex) {
        self.dag.update_edge(source, target, ());
    }

    /// How many operators there are, repeated layers counted once.
    pub fn len(&self) -> usize {
        self.dag.node_count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pairs of operators of which the second needs the first.
    pub fn edges(&self) -> impl Iterator<Item = (&Op, &Op)> {
        self.dag.edge_references().map(|edge| (&self.dag[edge.source()], &self.dag[edge.target()]))
    }

    /// The graph in Graphviz' language.
    pub fn to_dot(&self) -> String {
        let config = [Config::EdgeNoLabel, Config::NodeNoLabel];
        let label = |_, (_, op): (NodeIndex, &Op)| {
            format!("shape=box, label=\"{} × {}\"", op.name, op.count)
        };
        let no_label = |_, _| String::new();
        format!("{:?}", Dot::with_attr_getters(&self.dag, &config, &no_label, &label))
    }
}

/// The operators in an order that respects the data flow; equal for equal graphs.
pub fn compile(graph: &Graph) -> Vec<Op> {
    let mut order = Topo::new(&graph.dag);
    let mut ops = Vec::with_capacity(graph.len());
    while let Some(node) = order.next(&graph.dag) {
        ops.push(graph.dag[node].clone());
    }
    assert_eq!(ops.len(), graph.len(), "a forward pass has no cycles");
    ops
}
