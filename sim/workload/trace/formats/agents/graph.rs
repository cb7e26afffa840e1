//! From calls that name what they wait for to agents that call one after another.

use std::collections::{BTreeMap, VecDeque};

use crate::units::SimSpan;
use crate::workload::task::{After, At, Event};
use crate::workload::trace::session::{Agent, Row, Session};
use crate::workload::{Place, WorkloadError};

/// A call as a file has it.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands.
    pub(super) place: Place,
    /// Its name; unique within a graph.
    pub(super) id: String,
    /// Whose call it is: calls of one name that follow each other are one agent's.
    pub(super) agent: String,
    /// The call itself; its events are still to be found.
    pub(super) row: Row,
    /// No sooner than this after the task's start.
    pub(super) not_before: SimSpan,
    /// What it waits for.
    pub(super) needs: Vec<Need>,
}

/// Another call that a call waits for.
#[derive(Debug)]
pub(super) struct Need {
    /// Its name.
    pub(super) id: String,
    /// Whether it is enough that it was sent.
    pub(super) is_sent: bool,
    /// How long after that.
    pub(super) delay: SimSpan,
}

/// A task of these calls, which start at `start`.
///
/// A call continues the agent whose last call it waits for to be answered, if they have one name;
/// else it begins a chain of its own. Fails if a name is unknown or used twice, or if calls wait
/// for each other.
pub(super) fn session(nodes: Vec<Node>, start: SimSpan) -> Result<Session, WorkloadError> {
    let line = nodes.iter().filter_map(|node| node.place.line).min();
    let index = by_name(&nodes)?;
    let needs = resolved(&nodes, &index)?;
    let order = in_order(&nodes, &needs)?;
    let mut places: Vec<Option<At>> = vec![None; nodes.len()];
    let mut agents: Vec<Agent> = Vec::new();
    let mut nodes: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    // The last call of each chain, and whose it is.
    let mut tails: Vec<(usize, String)> = Vec::new();
    for at in order {
        let Node { agent, mut row, not_before, needs: named, .. } =
            nodes[at].take().expect("a call has one place in the order");
        let continues = tails.iter().position(|(tail, name)| {
            let mut named = needs[at].iter().zip(&named);
            *name == agent && named.any(|(need, edge)| need == tail && !edge.is_sent)
        });
        let chain = continues.unwrap_or(agents.len());
        if continues.is_none() {
            agents.push(Agent::default());
            tails.push((at, agent));
        }
        tails[chain].0 = at;
        let call = agents[chain].rows.len() as u32;
        places[at] = Some(At { chain: chain as u32, call });
        row.after = events(&places, &needs[at], &named, not_before);
        agents[chain].rows.push(row);
    }
    Ok(Session { line, start, agents })
}

/// What a call waits for, by place; all of it has one.
fn events(
    places: &[Option<At>],
    needs: &[usize],
    named: &[Need],
    not_before: SimSpan,
) -> Vec<After> {
    let mut after = vec![After { event: Event::Start, delay: not_before }];
    after.extend(needs.iter().zip(named).map(|(&need, edge)| {
        let at = places[need].expect("what a call waits for comes before it");
        let event = if edge.is_sent { Event::Sent(at) } else { Event::Answered(at) };
        After { event, delay: edge.delay }
    }));
    after
}

fn by_name(nodes: &[Node]) -> Result<BTreeMap<&str, usize>, WorkloadError> {
    let mut index = BTreeMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if index.insert(node.id.as_str(), at).is_some() {
            let remedy = "another request of the same task has the name; give each its own";
            return Err(node.place.refuse("request_id", format!("`{}`", node.id), remedy));
        }
    }
    Ok(index)
}

/// What each call waits for, by index.
fn resolved(
    nodes: &[Node],
    index: &BTreeMap<&str, usize>,
) -> Result<Vec<Vec<usize>>, WorkloadError> {
    let resolve = |node: &Node| {
        let needs = node.needs.iter().map(|need| {
            index.get(need.id.as_str()).copied().ok_or_else(|| {
                let remedy = "no request of the same task is called so; name one that is there";
                node.place.refuse("dependencies.request_id", format!("`{}`", need.id), remedy)
            })
        });
        needs.collect()
    };
    nodes.iter().map(resolve).collect()
}

/// The calls, each behind all that it waits for, else as the file has them.
fn in_order(nodes: &[Node], needs: &[Vec<usize>]) -> Result<Vec<usize>, WorkloadError> {
    let mut left: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut dependants = vec![Vec::new(); nodes.len()];
    for (at, needs) in needs.iter().enumerate() {
        for &need in needs {
            dependants[need].push(at);
        }
    }
    let mut free: VecDeque<usize> = (0..nodes.len()).filter(|&at| left[at] == 0).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(at) = free.pop_front() {
        order.push(at);
        for &dependant in &dependants[at] {
            left[dependant] -= 1;
            if left[dependant] == 0 {
                free.push_back(dependant);
            }
        }
    }
    match left.iter().position(|&left| left > 0) {
        None => Ok(order),
        Some(stuck) => {
            let node = &nodes[stuck];
            let remedy = "it waits for itself, through others; take one of the dependencies away";
            Err(node.place.refuse("dependencies", format!("a circle at `{}`", node.id), remedy))
        }
    }
}
