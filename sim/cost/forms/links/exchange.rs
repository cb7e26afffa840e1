//! Tokens to their experts and back.

use super::collective::{Group, Way};
use crate::cost::calibration::{AllToAllRow, Network};
use crate::cost::forms::setting::Setting;
use crate::cost::profile::EngineProfile;
use crate::model::CollectiveKind;

/// Low latency sends a copy per expert, the others one per distinct rank.
pub(super) fn all_to_all(
    kind: CollectiveKind,
    key: &str,
    group: Group,
    setting: &mut Setting,
) -> Vec<Way> {
    let wide = group.domains > 1.0;
    let collectives = &setting.calibration.collectives;
    let family = if wide { &collectives.all_to_all_nodes } else { &collectives.all_to_all };
    let nvlink = matches!(setting.engine, EngineProfile::Trtllm) && !wide;
    let kernels = [("nvlink", false), ("deepep-ll", true), ("deepep-ht", false)];
    let mut ways = Vec::new();
    for (kernel, per_expert) in kernels.into_iter().skip(usize::from(!nvlink)) {
        let Some(chosen) = setting.find("all-to-all", family, &[kernel], &[key]) else { continue };
        let network = setting.calibration.others.network;
        let memory = setting.bench.machine.bandwidth;
        ways.push(exchange_way(kind, group, per_expert, (chosen.row, memory), network));
    }
    ways
}

/// Dispatch or combine, a copy of a token for each expert or for each distinct rank, at least as
/// long as the kernel takes to copy a rank's own tokens, told in passes through memory of the
/// bandwidth `memory`.
pub(in crate::cost::forms) fn exchange_way(
    kind: CollectiveKind,
    group: Group,
    per_expert: bool,
    (row, memory): (AllToAllRow, f64),
    network: Network,
) -> Way {
    let copies = if per_expert { group.top_k / group.distinct() } else { 1.0 };
    let nic_e = row.nic_e.unwrap_or(network.e);
    let sent = copies * group.inner(kind);
    // Of the tensor, which has a copy for each distinct rank, a rank's own tokens.
    let own = 1.0 / (group.ranks * group.distinct());
    let inner = (sent / (row.e.min(1.0) * group.link)).max(own * row.passes / memory);
    let crossing = if per_expert { group.top_k / group.distinct_nodes() } else { 1.0 };
    let outer = crossing * group.outer(kind) / (nic_e.min(1.0) * group.nic);
    let beta = row.beta.get() * libm::sqrt(sent);
    Way { alpha: row.alpha.get(), inverse: inner + outer, beta }
}
