//! Which ranks send to which in a collective.

use petgraph::graph::NodeIndex;

use super::graph::Topology;

/// How ranks of a group exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Traffic {
    /// Rings: all-reduce, gather, scatter. Where chips are linked directly, as many rings as links
    /// to others of the group; one through chips between them where those do not join it.
    Rings,
    /// Each rank with every other: dispatch, combine.
    Pairs,
    /// Each rank to its peer of the next stage; across domains all chips of one at once.
    Next,
}

/// Some of what a rank sends, from one chip to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) from: NodeIndex,
    pub(super) to: NodeIndex,
    pub(super) share: f64,
}

impl Traffic {
    /// Flows within the first domain of `topology`, all domains being alike: between every
    /// `stride`-th rank, of all such groups at once.
    pub(super) fn inside(self, topology: &Topology, stride: u32) -> Vec<Flow> {
        let (all, stride) = (topology.ranks(0), stride.max(1) as usize);
        let group = |first| all.iter().skip(first).step_by(stride).copied().collect::<Vec<_>>();
        (0..stride).flat_map(|first| self.between(&group(first), topology)).collect()
    }

    /// Flows between `ranks` of a domain.
    fn between(self, ranks: &[NodeIndex], topology: &Topology) -> Vec<Flow> {
        match self {
            Self::Pairs => pairs(ranks),
            Self::Next => ranks.windows(2).take(1).map(|pair| whole(pair[0], pair[1])).collect(),
            Self::Rings if topology.joins(ranks) => {
                let of = |&from: &NodeIndex| {
                    let near = topology.neighbours(from, ranks);
                    let share = 1.0 / near.len().max(1) as f64;
                    near.into_iter().map(move |to| Flow { from, to, share }).collect::<Vec<_>>()
                };
                ranks.iter().flat_map(of).collect()
            }
            Self::Rings => ring(ranks),
        }
    }

    /// Flows between domains: every rank with its peers of the others.
    pub(super) fn across(self, topology: &Topology) -> Vec<Flow> {
        let peers = |place: usize| -> Vec<NodeIndex> {
            (0..topology.domains()).map(|domain| topology.ranks(domain)[place]).collect()
        };
        let places = 0..topology.ranks(0).len();
        match self {
            Self::Pairs => places.flat_map(|place| pairs(&peers(place))).collect(),
            Self::Rings => places.flat_map(|place| ring(&peers(place))).collect(),
            Self::Next => places.map(|place| whole(peers(place)[0], peers(place)[1])).collect(),
        }
    }
}

fn whole(from: NodeIndex, to: NodeIndex) -> Flow {
    Flow { from, to, share: 1.0 }
}

fn ring(ranks: &[NodeIndex]) -> Vec<Flow> {
    let next = ranks.iter().cycle().skip(1);
    ranks.iter().zip(next).map(|(&from, &to)| whole(from, to)).collect()
}

fn pairs(ranks: &[NodeIndex]) -> Vec<Flow> {
    let share = 1.0 / (ranks.len().max(2) - 1) as f64;
    let of = |&from: &NodeIndex| {
        let others = ranks.iter().filter(move |&&to| to != from);
        others.map(move |&to| Flow { from, to, share })
    };
    ranks.iter().flat_map(of).collect()
}
