//! The graph of a group of ranks, placed in order.

use std::collections::BTreeMap;

use petgraph::dot::{Config, Dot};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::fabric::Fabric;
use super::ports::Ports;
use super::wiring::Wiring;
use crate::units::BytesPerSec;

/// What stands at the end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Chip(u32, u32),
    Switch(u32, u32),
    Nic(u32, u32),
    Leaf(u32),
    Spine,
}

/// Sorts of links; of two that are equally busy the first is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    Port,
    Nic,
    Uplink,
    /// From a chip to its NIC: as fast as that.
    Slot,
}

/// A link in one direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) sort: Sort,
    pub(super) bandwidth: BytesPerSec,
}

/// Chips, switches, NICs, leaves and the spine, and the links between them.
#[derive(Clone, Debug)]
pub struct Topology {
    pub(super) graph: DiGraph<Place, Link>,
    /// The group's chips, domain by domain.
    ranks: Vec<Vec<NodeIndex>>,
}

/// Links of one sort between two kinds of places.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRow {
    /// From what.
    pub from: &'static str,
    /// To what.
    pub to: &'static str,
    /// How many, each in both directions.
    pub count: usize,
    /// Of one, per direction.
    pub bandwidth: BytesPerSec,
}

impl Topology {
    /// So many `domains`, in each of which the first `inside` chips take part. None without a link.
    pub fn new(ports: &Ports, fabric: &Fabric, inside: u32, domains: u32) -> Option<Self> {
        let link = ports.link?;
        let mut topology = Self { graph: DiGraph::new(), ranks: Vec::new() };
        for domain in 0..domains {
            let chips = topology.scale_up(domain, inside, link, (ports, fabric));
            topology.ranks.push(chips);
        }
        if domains > 1 {
            topology.scale_out(ports.nic.unwrap_or(link), ports.domain, fabric);
        }
        Some(topology)
    }

    /// The chips of a domain, linked: those that take part.
    fn scale_up(
        &mut self,
        domain: u32,
        inside: u32,
        link: BytesPerSec,
        (ports, fabric): (&Ports, &Fabric),
    ) -> Vec<NodeIndex> {
        let all = fabric.wiring.chips().unwrap_or(inside).max(inside);
        let chips: Vec<_> =
            (0..all).map(|rank| self.graph.add_node(Place::Chip(domain, rank))).collect();
        let part = |parts: u32| link * (1.0 / f64::from(parts.max(1)));
        match fabric.wiring {
            Wiring::Switched => {
                let switches = fabric.switches.unwrap_or(1);
                for number in 0..switches {
                    let switch = self.graph.add_node(Place::Switch(domain, number));
                    for &chip in &chips {
                        self.join(chip, switch, Sort::Port, part(switches));
                    }
                }
            }
            Wiring::Mesh => {
                let bandwidth = part(ports.domain.saturating_sub(1));
                for (place, &chip) in chips.iter().enumerate() {
                    for &other in &chips[place + 1..] {
                        self.join(chip, other, Sort::Port, bandwidth);
                    }
                }
            }
            Wiring::Torus(lengths) => {
                let ways = lengths.iter().filter(|length| **length > 1).count() as u32;
                for (chip, other) in torus(lengths) {
                    self.join(chips[chip], chips[other], Sort::Port, part(2 * ways));
                }
            }
        }
        chips.into_iter().take(inside as usize).collect()
    }

    /// NICs, a leaf for each domain, and the spine above.
    fn scale_out(&mut self, nic: BytesPerSec, domain_size: u32, fabric: &Fabric) {
        let count = fabric.nics_of(domain_size);
        let shared = count.min(domain_size);
        // Where a chip has several, they are drawn as one; it has whole ones.
        let nic = nic * f64::from(count / shared);
        let uplink = nic * (f64::from(shared) / fabric.leaf_ratio());
        let spine = self.graph.add_node(Place::Spine);
        for domain in 0..self.ranks.len() {
            let number = domain as u32;
            let leaf = self.graph.add_node(Place::Leaf(number));
            self.join(leaf, spine, Sort::Uplink, uplink);
            let mut nics = BTreeMap::new();
            for (rank, chip) in self.ranks[domain].clone().into_iter().enumerate() {
                let place = (rank as u64 * u64::from(shared) / u64::from(domain_size)) as u32;
                let port = *nics.entry(place).or_insert_with(|| {
                    let port = self.graph.add_node(Place::Nic(number, place));
                    self.graph.add_edge(port, leaf, Link { sort: Sort::Nic, bandwidth: nic });
                    self.graph.add_edge(leaf, port, Link { sort: Sort::Nic, bandwidth: nic });
                    port
                });
                self.join(chip, port, Sort::Slot, nic);
            }
        }
    }

    fn join(&mut self, a: NodeIndex, b: NodeIndex, sort: Sort, bandwidth: BytesPerSec) {
        self.graph.add_edge(a, b, Link { sort, bandwidth });
        self.graph.add_edge(b, a, Link { sort, bandwidth });
    }

    /// Whether links between chips of the group alone lead from each to every other.
    pub(super) fn joins(&self, ranks: &[NodeIndex]) -> bool {
        let mut reached: Vec<NodeIndex> = ranks.iter().take(1).copied().collect();
        let mut next = 0;
        while let Some(&chip) = reached.get(next) {
            for other in self.neighbours(chip, ranks) {
                if !reached.contains(&other) {
                    reached.push(other);
                }
            }
            next += 1;
        }
        reached.len() == ranks.len()
    }

    /// The chips of the group in a domain.
    pub(super) fn ranks(&self, domain: usize) -> &[NodeIndex] {
        &self.ranks[domain]
    }

    /// Domains.
    pub(super) fn domains(&self) -> usize {
        self.ranks.len()
    }

    /// Which of `ranks` the chip is linked with, once for each link.
    pub(super) fn neighbours(&self, chip: NodeIndex, ranks: &[NodeIndex]) -> Vec<NodeIndex> {
        let near = self.graph.neighbors(chip);
        near.filter(|other| ranks.contains(other)).collect()
    }

    /// How many links there are of each sort, and what one carries.
    pub fn links(&self) -> Vec<LinkRow> {
        let mut rows: Vec<LinkRow> = Vec::new();
        for edge in self.graph.edge_references() {
            let (a, b) = (&self.graph[edge.source()], &self.graph[edge.target()]);
            // The other direction of each link is a link of its own in the graph.
            if a > b {
                continue;
            }
            let (from, to, bandwidth) = (a.kind(), b.kind(), edge.weight().bandwidth);
            match rows.iter_mut().find(|row| (row.from, row.to) == (from, to)) {
                Some(row) => row.count += 1,
                None => rows.push(LinkRow { from, to, count: 1, bandwidth }),
            }
        }
        rows
    }

    /// The graph in Graphviz' language, both directions of a link drawn as one.
    pub fn to_dot(&self) -> String {
        let mut drawn = self.graph.clone().into_edge_type::<petgraph::Undirected>();
        // Directions of a link were added one after the other.
        drawn.retain_edges(|_, edge| edge.index() % 2 == 0);
        let config = [Config::EdgeNoLabel, Config::NodeNoLabel];
        let link = |_, edge: petgraph::graph::EdgeReference<'_, Link>| {
            format!("label=\"{}\"", edge.weight().bandwidth)
        };
        let place =
            |_, (_, place): (NodeIndex, &Place)| format!("shape=box, label=\"{}\"", place.label());
        format!("{:?}", Dot::with_attr_getters(&drawn, &config, &link, &place))
    }
}

/// Pairs of neighbours, the one after each in each dimension; of two, joined twice.
fn torus(lengths: [u32; 3]) -> Vec<(usize, usize)> {
    let [x, y, z] = lengths.map(|length| length as usize);
    let strides = [1, x, x * y];
    let mut pairs = Vec::new();
    for chip in 0..x * y * z {
        for (length, stride) in [x, y, z].into_iter().zip(strides) {
            let along = chip / stride % length;
            let next = chip - along * stride + (along + 1) % length * stride;
            if length > 1 {
                pairs.push((chip, next));
            }
        }
    }
    pairs
}

impl Place {
    fn kind(self) -> &'static str {
        match self {
            Self::Chip(..) => "chip",
            Self::Switch(..) => "switch",
            Self::Nic(..) => "NIC",
            Self::Leaf(_) => "leaf",
            Self::Spine => "spine",
        }
    }

    fn label(self) -> String {
        match self {
            Self::Chip(domain, number)
            | Self::Switch(domain, number)
            | Self::Nic(domain, number) => {
                format!("{} {domain}.{number}", self.kind())
            }
            Self::Leaf(domain) => format!("leaf {domain}"),
            Self::Spine => "spine".into(),
        }
    }
}
