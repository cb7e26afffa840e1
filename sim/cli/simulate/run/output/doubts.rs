//! Reasons to doubt a run.

use crate::cluster::RunResult;

/// Says so if requests came faster than they were answered.
pub(in crate::cli::simulate::run) fn overload(result: &RunResult) -> Option<String> {
    let (waiting, answered) = (result.requests.in_flight, result.requests.completed);
    (waiting > 1000 && waiting > answered / 4).then(|| {
        format!(
            "{waiting} requests still waited or ran when the simulation stopped and {answered} \
             were done: the load is more than the replica can bear, its queue grows without end, \
             and figures depend on when the run stops; give a lower rate or more chips"
        )
    })
}

/// Why a run has no result.
pub(in crate::cli::simulate::run) fn unfinished(result: &RunResult) -> Option<String> {
    if result.is_cut_off {
        return Some(format!(
            "simulated time ended after 213 days with {} requests in flight; give a higher rate, \
             or a --duration",
            result.requests.in_flight
        ));
    }
    (result.measured() == 0).then(|| {
        "no request was answered within the time that was measured; give a longer --duration, \
         a shorter --warmup or more load"
            .into()
    })
}

/// Reasons to doubt what was measured.
pub(in crate::cli::simulate::run) fn doubts(result: &RunResult) -> Vec<String> {
    let mut doubts = Vec::new();
    let requests = result.requests;
    if requests.rejected > 0 {
        doubts.push(format!(
            "{} of {} requests are too long for the KV cache and were rejected; give the replica \
             more chips",
            requests.rejected, requests.submitted
        ));
    }
    doubts.extend(unfinished(result));
    let measured = result.measured();
    if (1..1000).contains(&measured) {
        doubts.push(format!("only {measured} requests stand behind the 99th percentiles"));
    }
    doubts
}
