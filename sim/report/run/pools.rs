//! A fleet's figures as text for a terminal.

use super::mechanisms::ranks_line;
use super::{EscalationReport, FailedParts, FleetReport, PoolReport, RunDocument};
use crate::cost::Bound;
use crate::report::Quantiles;
use crate::report::text::{counted, percent, short, short_or_dash, wrap};

/// The pools as a table, and a line for each mechanism that is on; nothing for a single replica.
pub(super) fn render_fleet(run: &RunDocument, width: usize) -> String {
    let Some(fleet) = &run.fleet else { return String::new() };
    let mut lines = vec![format!(
        "{:<9}{:<26}{:<17}{:>9}{:>7}{:>10}{:>10}{:>7}",
        "Pool", "replicas", "routing", "requests", "hits", "prefill", "output", "idle"
    )];
    let better = fleet.escalation.iter().map(|escalation| &escalation.pool);
    lines.extend(fleet.pools.iter().chain(better).map(pool));
    lines.push(
        "(requests of a replica, fewest to most; prefill and output in tok/s per GPU)".into(),
    );
    let ranks = fleet.pools.iter().filter_map(|pool| Some((pool.role, pool.ranks.as_ref()?)));
    let ranks = ranks.map(|(role, ranks)| format!("Ranks ({role}): {}.", ranks_line(ranks)));
    lines.extend(ranks.flat_map(|line| folded(&line, width)));
    lines.extend(mechanisms(fleet).iter().flat_map(|line| folded(line, width)));
    lines.join("\n")
}

/// A line within `width`; what does not fit goes on below it, indented.
fn folded(line: &str, width: usize) -> Vec<String> {
    let indent = if line.starts_with(' ') { "  " } else { "" };
    let lines = wrap(line, width.saturating_sub(2)).into_iter().enumerate();
    lines.map(|(n, text)| format!("{}{text}", if n > 0 { "  " } else { indent })).collect()
}

fn pool(pool: &PoolReport) -> String {
    let [least, most] = pool.requests_per_replica.map(|count| short(count as f64));
    let requests = if least == most { most } else { format!("{least}–{most}") };
    let hits = pool.hit_rate.map_or_else(|| "–".to_owned(), percent);
    let idle = pool.time_share.get(Bound::Idle).map_or_else(|| "–".to_owned(), percent);
    let replicas = format!("{} × {} {}", pool.replicas, pool.chip, pool.plan);
    format!(
        "{:<9}{replicas:<26}{:<17}{requests:>9}{hits:>7}{:>10}{:>10}{idle:>7}",
        pool.role,
        pool.routing,
        short_or_dash(pool.prefilled_tok_s_per_gpu),
        short_or_dash(pool.output_tok_s_per_gpu),
    )
}

fn mechanisms(fleet: &FleetReport) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(handoff) = &fleet.handoff {
        lines.push(format!(
            "Hand-over: {}, {} GB over {} ({} GB/s out, {} in); {} stayed.",
            counted(handoff.prompts, "prompt"),
            short(handoff.sent_gb),
            handoff.link,
            short(handoff.send_gb_s),
            short(handoff.receive_gb_s),
            short(handoff.local_prompts as f64),
        ));
        lines.push(format!(
            "  wait for pages {}; transfer {}.",
            spoken(&handoff.wait_ms),
            spoken(&handoff.transfer_ms)
        ));
    }
    if let Some(faults) = &fleet.faults {
        let lesser = match faults.degraded_s {
            lesser if lesser > 0.0 => format!(", {} s without a part", short(lesser)),
            _ => String::new(),
        };
        let kinds = faults.parts.map_or_else(String::new, |parts| {
            let FailedParts { chips, stacks, links, nics } = parts;
            format!(" ({chips} of chips, {stacks} of stacks, {links} of links, {nics} of NICs)")
        });
        lines.push(format!(
            "Failures: {}{kinds}, {} s down{lesser}; {} moved, {} of KV lost.",
            faults.failures,
            short(faults.down_s),
            counted(faults.migrated_requests, "request"),
            counted(faults.lost_tokens, "token"),
        ));
        lines.extend(faults.nics.map(|nics| {
            format!(
                "  NICs fewer for {} s: {} anew ({} GB sent in vain), {} elsewhere.",
                short(nics.narrow_s),
                counted(nics.restarted_handoffs, "hand-over"),
                short(nics.resent_gb),
                short(nics.rerouted_handoffs as f64),
            )
        }));
    }
    if let Some(tools) = &fleet.tools {
        lines.push(format!(
            "Tools: {} on {} cores, busy {}; wait for a core {}.",
            counted(tools.calls, "call"),
            tools.cores,
            tools.busy_fraction.map_or_else(|| "–".to_owned(), percent),
            spoken(&tools.wait_ms),
        ));
    }
    if let Some(escalation) = &fleet.escalation {
        lines.extend(escalated(escalation));
    }
    lines
}

fn escalated(escalation: &EscalationReport) -> Vec<String> {
    let seconds = |wall: &Quantiles| format!("{} s p50", short_or_dash(wall.p50));
    let usd =
        |usd: Option<f64>| usd.map_or_else(|| "–".to_owned(), |usd| format!("${}", short(usd)));
    vec![
        format!(
            "Escalated: {} of {} tasks, to {}; \
             of those that began and ended meanwhile one takes {}, an escalated one {}.",
            short(escalation.escalated as f64),
            short(escalation.tasks as f64),
            escalation.model,
            seconds(&escalation.first_wall_s),
            seconds(&escalation.escalated_wall_s),
        ),
        format!(
            "  a first attempt costs {}, an escalation {} more.",
            usd(escalation.usd_per_attempt),
            usd(escalation.usd_per_escalation)
        ),
    ]
}

fn spoken(quantiles: &Quantiles) -> String {
    let Quantiles { p50, p99, .. } = quantiles;
    format!("{} ms p50, {} ms p99", short_or_dash(*p50), short_or_dash(*p99))
}
