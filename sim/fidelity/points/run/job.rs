//! Points that share a replica.

use std::collections::BTreeMap;

use super::bench::{Bench, Predicted, Terms};
use crate::fidelity::points::lengths::Lengths;
use crate::fidelity::points::point::Point;
use crate::fidelity::points::scenario::{Drive, Policy, Scenario};

/// Scenarios of one replica, and the points that each answers.
#[derive(Clone, Debug)]
pub struct Job {
    scenarios: BTreeMap<Scenario, Vec<usize>>,
}

/// What the points at these indices are predicted to be, or why they cannot be.
pub type Answers = Vec<(usize, Result<Predicted, String>)>;

/// The jobs that `points` make, in a fixed order. Independent of each other.
pub fn jobs(points: &[Point]) -> Vec<Job> {
    let mut jobs: BTreeMap<Scenario, Job> = BTreeMap::new();
    for (index, point) in points.iter().enumerate() {
        let Ok(scenario) = &point.ask else { continue };
        let job = jobs.entry(replica_of(scenario)).or_insert(Job { scenarios: BTreeMap::new() });
        job.scenarios.entry(scenario.clone()).or_default().push(index);
    }
    jobs.into_values().collect()
}

/// The scenario with its load left out.
fn replica_of(scenario: &Scenario) -> Scenario {
    let (lengths, drive) = (Lengths::exact(1, 1), Drive::Closed(1));
    let usual = Policy::usual(drive, lengths);
    // Of a pipeline, micro-batches are compiled in.
    let tokens = if scenario.plan.pp > 1 { scenario.policy.tokens } else { usual.tokens };
    let policy = Policy { tokens, ..usual };
    Scenario { lengths, drive, policy, replicas: 1, gpus: scenario.plan.gpus(), ..scenario.clone() }
}

impl Job {
    /// How many points it answers.
    pub fn points(&self) -> usize {
        self.scenarios.values().map(Vec::len).sum()
    }

    /// Compiles the replica, runs its scenarios, and answers the points.
    pub fn run(&self, points: &[Point], terms: Terms) -> Answers {
        let first = self.scenarios.keys().next().expect("a job has scenarios");
        let bench = Bench::new(first, terms);
        let mut answers = Answers::new();
        for (scenario, indices) in &self.scenarios {
            let run = bench.as_ref().map_err(Clone::clone).and_then(|bench| bench.run(scenario));
            for &index in indices {
                let metric = &points[index].metric;
                let answer = run.as_ref().map_err(Clone::clone).and_then(|run| {
                    run.value(metric)
                        .ok_or_else(|| format!("`{}` is not simulated for it", metric.name))
                });
                answers.push((index, answer));
            }
        }
        answers
    }
}
