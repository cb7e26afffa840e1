//! What holds for the calls of every task, wherever it comes from.

use std::collections::BTreeMap;

use memwall::workload::Task;

/// Every chain but the first is spawned once, by a chain before it, and awaited at most once, by
/// a later call of the chain that spawned it: so nothing waits for itself.
pub(super) fn check_graph(task: &Task) {
    let mut spawned = vec![0; task.chains.len()];
    for (index, chain) in task.chains.iter().enumerate() {
        assert!(!chain.calls.is_empty(), "{}: an empty chain", task.label);
        let mut open: Vec<u32> = Vec::new();
        for call in &chain.calls {
            assert!(call.prompt >= 1 && call.output >= 1, "{}", task.label);
            for child in &call.waits_for {
                let found = open.iter().position(|started| started == child);
                open.remove(found.expect("a call waits for what its chain started before"));
            }
            for &child in &call.spawns {
                assert!(child as usize > index, "{}: {child} is no descendant", task.label);
                spawned[child as usize] += 1;
                open.push(child);
            }
        }
    }
    assert!(spawned[0] == 0 && spawned[1..].iter().all(|&n| n == 1), "{}", task.label);
}

/// Equal identities mean equal prefixes: by induction, if a page always has the same one before it.
pub(super) fn check_identities(tasks: &[Task]) {
    let mut before: BTreeMap<u64, Option<u64>> = BTreeMap::new();
    for task in tasks {
        for call in task.calls() {
            let mut last = None;
            for run in &call.content {
                for page in run.first..run.first + u64::from(run.pages) {
                    assert_eq!(*before.entry(page).or_insert(last), last, "{}", task.label);
                    last = Some(page);
                }
            }
        }
    }
}
