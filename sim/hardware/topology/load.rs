//! Flows on shortest paths, and what each link carries of them.

use std::collections::{BTreeMap, VecDeque};

use petgraph::Direction::{Incoming, Outgoing};
use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;

use super::graph::Topology;
use super::traffic::Flow;

/// What each link carries of `flows`, evenly over equal paths; in what a rank sends.
pub(super) fn loads(topology: &Topology, flows: &[Flow]) -> Vec<(EdgeIndex, f64)> {
    let mut loads = vec![0.0; topology.graph.edge_count()];
    let mut by_end: BTreeMap<NodeIndex, Vec<&Flow>> = BTreeMap::new();
    for flow in flows {
        by_end.entry(flow.to).or_default().push(flow);
    }
    for (end, flows) in by_end {
        let (order, steps) = from_afar(topology, end);
        let mut passing = vec![0.0; topology.graph.node_count()];
        for flow in flows {
            passing[flow.from.index()] += flow.share;
        }
        for node in order {
            let amount = passing[node.index()];
            if amount == 0.0 || node == end {
                continue;
            }
            let nearer = |to: NodeIndex| steps[to.index()] + 1 == steps[node.index()];
            let ways = topology.graph.edges_directed(node, Outgoing);
            let ways: Vec<_> = ways.filter(|way| nearer(way.target())).collect();
            let each = amount / ways.len() as f64;
            for way in ways {
                loads[way.id().index()] += each;
                passing[way.target().index()] += each;
            }
        }
    }
    topology.graph.edge_indices().zip(loads).collect()
}

/// Nodes that reach `end`, the furthest first, and how many links away each is.
fn from_afar(topology: &Topology, end: NodeIndex) -> (Vec<NodeIndex>, Vec<u32>) {
    let mut steps = vec![u32::MAX - 1; topology.graph.node_count()];
    steps[end.index()] = 0;
    let (mut order, mut next) = (Vec::new(), VecDeque::from([end]));
    while let Some(node) = next.pop_front() {
        order.push(node);
        for before in topology.graph.neighbors_directed(node, Incoming) {
            if steps[before.index()] == u32::MAX - 1 {
                steps[before.index()] = steps[node.index()] + 1;
                next.push_back(before);
            }
        }
    }
    order.reverse();
    (order, steps)
}
