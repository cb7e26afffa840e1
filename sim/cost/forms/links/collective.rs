//! Collectives, within a scale-up domain and beyond.

use super::exchange::all_to_all;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::{AllReduceRow, NcclRow, Network};
use crate::cost::forms::bench::Bench;
use crate::cost::forms::setting::Setting;
use crate::cost::machine::CostError;
use crate::cost::work::{Peaks, RowForm, Work};
use crate::hardware::{Narrowest, Ports, Routes};
use crate::model::{Collective, CollectiveKind};
use crate::units::BytesPerSec;

/// The key of constants of all-reduces between more ranks than a tray has.
pub(crate) const BEYOND_A_TRAY: &str = "beyond-a-tray";

/// The fastest of the ways to do it: `alpha + bytes·inverse + beta·√bytes` each.
///
/// All-reduce: the engine's one-shot and two-shot kernels and NCCL; gather and scatter: NCCL;
/// dispatch and combine: `DeepEP`'s low-latency and high-throughput kernels, or TensorRT-LLM's over
/// NVLink. Wire bytes are a ring's, `2(P−1)/P·S` for an all-reduce and `(P−1)/P·S` else; in-switch
/// reduction may beat that bound. A dispatched tensor has a copy of a token per distinct rank that
/// it goes to; a rank sends its P-th part of it, less what stays. Wider than a domain, every rank
/// of a node reduces or exchanges its share with its peers of the other nodes over its NIC, on top.
pub(in crate::cost) struct CollectiveForm {
    row_bytes: f64,
    ways: Vec<Way>,
    /// Bytes sent per byte of the tensor, over the link that binds.
    wire: f64,
    peaks: Peaks,
    /// The link that binds.
    narrowest: Option<Narrowest>,
}

/// One way to do a collective.
#[derive(Clone, Copy, Debug)]
pub(in crate::cost::forms) struct Way {
    /// Seconds.
    pub(super) alpha: f64,
    /// Seconds per byte of the tensor.
    pub(super) inverse: f64,
    /// Seconds per square root of a byte of the tensor.
    pub(super) beta: f64,
}

/// Who takes part, and how far apart they are.
#[derive(Clone, Copy)]
pub(in crate::cost::forms) struct Group {
    pub(super) ranks: f64,
    /// Ranks in one domain, and domains.
    inside: f64,
    pub(super) domains: f64,
    pub(super) link: f64,
    /// What links leave to a rank that sends to all others at once.
    direct: f64,
    pub(super) nic: f64,
    /// Experts of a token.
    pub(super) top_k: f64,
}

impl CollectiveForm {
    /// The form of `collective`; `top_k` experts get a copy of each token that is dispatched.
    pub(in crate::cost) fn new(
        collective: &Collective,
        top_k: u32,
        setting: &mut Setting,
    ) -> Result<Self, CostError> {
        if collective.kind == CollectiveKind::Send {
            return Self::send(collective, setting);
        }
        let ranks = collective.ranks.max(1);
        let mut peaks = setting.bench.ceilings(crate::hardware::Format::Bf16);
        let mut form = Self { row_bytes: 0.0, ways: Vec::new(), wire: 0.0, peaks, narrowest: None };
        if ranks == 1 {
            return Ok(form);
        }
        let (group, routes) = Group::routed(ranks, top_k, collective.kind, setting)?;
        let (inner, outer) = (group.inner(collective.kind), group.outer(collective.kind));
        // The slower of the two links bounds the roofline.
        let narrowest;
        (form.wire, peaks.wire, narrowest) = if inner / group.link >= outer / group.nic {
            (inner, group.link, routes.inside)
        } else {
            (outer, group.nic, routes.across)
        };
        form.narrowest = Some(narrowest);
        form.peaks = peaks;
        form.row_bytes = collective.bytes_per_token;
        form.ways = ways(collective.kind, group, setting);
        Ok(form)
    }

    /// From each rank of a stage to its peer of the next: over the link, or over the network where
    /// the next begins another domain.
    fn send(collective: &Collective, setting: &mut Setting) -> Result<Self, CostError> {
        let is_far = collective.ranks.is_multiple_of(setting.bench.machine.domain);
        let (way, link) = Way::to_peer(is_far, setting)?;
        let wire = link.rate.get();
        let peaks = Peaks { wire, ..setting.bench.ceilings(crate::hardware::Format::Bf16) };
        let (row_bytes, ways) = (collective.bytes_per_token, vec![way]);
        Ok(Self { row_bytes, ways, wire: 1.0, peaks, narrowest: Some(link) })
    }
}

impl Group {
    /// `ranks` of the chips of a setting, with what their links leave to each; and which bind.
    fn routed(
        ranks: u32,
        top_k: u32,
        kind: CollectiveKind,
        setting: &mut Setting,
    ) -> Result<(Self, Routes), CostError> {
        let mut group = Self::of(ranks, top_k, &setting.bench)?;
        let routes = setting.routes(kind, (ranks, 1))?;
        (group.link, group.nic) = (routes.inside.rate.get(), routes.across.rate.get());
        let direct = setting.routes(CollectiveKind::Dispatch, (ranks, 1))?;
        group.direct = direct.inside.rate.get();
        Ok((group, routes))
    }

    /// `ranks` of the chips of a bench, each at the rate of its ports.
    pub(in crate::cost::forms) fn of(
        ranks: u32,
        top_k: u32,
        on: &Bench,
    ) -> Result<Self, CostError> {
        Self::strided(ranks, 1, top_k, on)
    }

    /// Every `stride`-th of the chips of a bench, `ranks` of them.
    fn strided(ranks: u32, stride: u32, top_k: u32, on: &Bench) -> Result<Self, CostError> {
        let machine = &on.machine;
        let link = on.link(ranks)?;
        let nic = Ports::of(&on.chip).nic.map_or(link, BytesPerSec::get);
        let inside = (machine.domain / stride).clamp(1, ranks);
        Ok(Self {
            ranks: f64::from(ranks),
            inside: f64::from(inside),
            domains: f64::from(ranks.div_ceil(inside)),
            link,
            direct: link,
            nic,
            top_k: f64::from(top_k.max(1)),
        })
    }

    /// Bytes a rank sends within its domain, per byte of the tensor.
    pub(super) fn inner(self, kind: CollectiveKind) -> f64 {
        let others = (self.inside - 1.0) / self.inside;
        match kind {
            CollectiveKind::AllReduce => 2.0 * others,
            CollectiveKind::AllGather | CollectiveKind::ReduceScatter => others,
            CollectiveKind::Dispatch | CollectiveKind::Combine => {
                (self.inside - 1.0) / self.ranks / self.ranks
            }
            CollectiveKind::Send => 1.0,
        }
    }

    /// Bytes a rank sends to other domains, per byte of the tensor.
    pub(super) fn outer(self, kind: CollectiveKind) -> f64 {
        let others = (self.domains - 1.0) / self.domains;
        match kind {
            CollectiveKind::AllReduce => 2.0 * others / self.inside,
            CollectiveKind::AllGather | CollectiveKind::ReduceScatter => others / self.inside,
            CollectiveKind::Dispatch | CollectiveKind::Combine => {
                // Copies for several ranks of a domain cross once.
                let copies = self.distinct_nodes() / self.distinct();
                copies * (1.0 - self.inside / self.ranks) / self.ranks
            }
            CollectiveKind::Send => 0.0,
        }
    }

    /// Domains that hold at least one of a token's experts, expected.
    pub(super) fn distinct_nodes(self) -> f64 {
        distinct(self.domains, self.top_k)
    }

    /// Ranks that hold at least one of a token's experts, expected.
    pub(in crate::cost::forms) fn distinct(self) -> f64 {
        distinct(self.ranks, self.top_k)
    }
}

/// Distinct places of `places` that `draws` random ones hit, expected.
fn distinct(places: f64, draws: f64) -> f64 {
    if places > 1.0 { places * -libm::expm1(draws * libm::log1p(-1.0 / places)) } else { 1.0 }
}

/// Every way to do a collective in `group`.
fn ways(kind: CollectiveKind, group: Group, setting: &mut Setting) -> Vec<Way> {
    match kind {
        CollectiveKind::AllReduce => all_reduce(group, setting),
        CollectiveKind::AllGather => vec![nccl(kind, "all-gather", group, setting)],
        CollectiveKind::ReduceScatter => vec![nccl(kind, "reduce-scatter", group, setting)],
        CollectiveKind::Dispatch => all_to_all(kind, "dispatch", group, setting),
        CollectiveKind::Combine => all_to_all(kind, "combine", group, setting),
        CollectiveKind::Send => vec![],
    }
}

/// NCCL's, and where they reach all ranks the engine's one-shot and two-shot kernels.
///
/// Beyond a tray another path takes over, which was measured as the engine takes it: nothing else
/// competes with that.
fn all_reduce(group: Group, setting: &mut Setting) -> Vec<Way> {
    let (library, donor) = nccl_from(CollectiveKind::AllReduce, "all-reduce", group, setting);
    if group.domains > 1.0 || group.ranks > f64::from(setting.engine.all_reduce_ranks()) {
        return vec![library];
    }
    let family = &setting.calibration.collectives.all_reduce;
    let engines = setting.engine.all_reduce();
    if group.ranks > f64::from(setting.bench.machine.tray) {
        let far = setting.find("all-reduce beyond a tray", family, engines, &[BEYOND_A_TRAY]);
        return far.map_or_else(|| vec![library], |far| own_ways(group, far.row).to_vec());
    }
    let own = setting.choose("all-reduce", family, engines, &["all-reduce"]);
    let mut ways = own_ways(group, own.row).to_vec();
    // What a chip inherits says nothing against what was measured on it.
    if own.donor == donor {
        ways.push(library);
    }
    ways
}

/// One shot and two shots.
pub(in crate::cost::forms) fn own_ways(group: Group, row: AllReduceRow) -> [Way; 2] {
    let others = group.ranks - 1.0;
    let waits = row.hop.get() * others;
    let one_shot = others / (row.one_e.min(1.0) * group.direct);
    let two_shot = 2.0 * others / group.ranks / (row.two_e.min(1.0) * group.direct);
    [
        Way { alpha: row.one_alpha.get() + waits, inverse: one_shot, beta: 0.0 },
        Way { alpha: row.two_alpha.get() + waits, inverse: two_shot, beta: row.beta.get() },
    ]
}

fn nccl(kind: CollectiveKind, key: &str, group: Group, setting: &mut Setting) -> Way {
    nccl_from(kind, key, group, setting).0
}

/// NCCL's way, and whose constants it has if not the chip's own.
fn nccl_from(
    kind: CollectiveKind,
    key: &str,
    group: Group,
    setting: &mut Setting,
) -> (Way, Option<String>) {
    let family = &setting.calibration.collectives.nccl;
    let chosen = setting.choose("nccl", family, &["nccl"], &[key]);
    (nccl_way(kind, group, chosen.row, setting.calibration.others.network), chosen.donor)
}

/// NCCL's ring.
pub(in crate::cost::forms) fn nccl_way(
    kind: CollectiveKind,
    group: Group,
    row: NcclRow,
    network: Network,
) -> Way {
    let (inner, outer) = (group.inner(kind), group.outer(kind));
    let crossing = if group.domains > 1.0 { network.alpha.get() } else { 0.0 };
    Way {
        alpha: row.alpha.get() + row.hop.get() * (group.inside - 1.0) + crossing,
        inverse: inner / (row.e.min(1.0) * group.link) + outer / (network.e * group.nic),
        beta: row.beta.get() * libm::sqrt(inner),
    }
}

impl Way {
    /// From one rank to a peer, in another domain if `is_far`; and the link that binds.
    pub(super) fn to_peer(
        is_far: bool,
        setting: &mut Setting,
    ) -> Result<(Self, Narrowest), CostError> {
        let reach = if is_far { setting.bench.machine.domain.saturating_mul(2) } else { 2 };
        let routes = setting.routes(CollectiveKind::Send, (reach, 1))?;
        let mut pair = Group::of(2, 1, &setting.bench)?;
        (pair.link, pair.nic) = (routes.inside.rate.get(), routes.across.rate.get());
        let network = setting.calibration.others.network;
        let mut way = nccl(CollectiveKind::AllGather, "all-gather", pair, setting);
        let (efficiency, link) = if is_far {
            // In domains of one chip a pair is two domains already.
            way.alpha += if pair.domains > 1.0 { 0.0 } else { network.alpha.get() };
            (network.e, routes.across)
        } else {
            (setting.calibration.others.send.e, routes.inside)
        };
        let inverse = 1.0 / (efficiency * link.rate.get());
        Ok((Self { inverse, beta: 0.0, ..way }, link))
    }

    /// Between every `stride`-th of the ranks, so many of them: all gather what each has, in a ring
    /// that crosses from domain to domain, or each gets its part from all at once.
    pub(super) fn among(
        (ranks, stride): (u32, u32),
        kind: CollectiveKind,
        setting: &mut Setting,
    ) -> Result<Self, CostError> {
        let key = if kind == CollectiveKind::AllGather { "all-gather" } else { "reduce-scatter" };
        let mut group = Group::strided(ranks, stride, 1, &setting.bench)?;
        let routes = setting.routes(kind, (ranks.saturating_mul(stride), stride))?;
        (group.link, group.nic) = (routes.inside.rate.get(), routes.across.rate.get());
        let way = nccl(kind, key, group, setting);
        let further = match kind {
            CollectiveKind::AllGather => (group.domains - 2.0).max(0.0),
            _ => 0.0,
        };
        let alpha = way.alpha + further * setting.calibration.others.network.alpha.get();
        Ok(Self { alpha, ..way })
    }

    /// Latency, and time on the wire, for a tensor of `bytes`; seconds.
    pub(in crate::cost::forms) fn cost(&self, bytes: f64) -> (f64, f64) {
        (self.alpha, bytes * self.inverse + self.beta * libm::sqrt(bytes))
    }
}

impl RowForm for CollectiveForm {
    fn work(&self, rows: f64) -> Work {
        Work { wire: rows * self.row_bytes * self.wire, ..Work::default() }
    }

    fn time(&self, rows: f64) -> Breakdown {
        let bytes = rows * self.row_bytes;
        let fastest = self
            .ways
            .iter()
            .map(|way| way.cost(bytes))
            .min_by(|a, b| (a.0 + a.1).total_cmp(&(b.0 + b.1)));
        let mut parts = Breakdown::default();
        if let Some((alpha, wire)) = fastest {
            parts[Bound::Latency] = alpha;
            parts[Bound::Interconnect] = wire;
        }
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }

    fn narrowest(&self) -> Option<&Narrowest> {
        self.narrowest.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(ranks: f64, domain: f64) -> Group {
        let inside = ranks.min(domain);
        Group {
            ranks,
            inside,
            domains: libm::ceil(ranks / inside),
            link: 1.0,
            direct: 1.0,
            nic: 1.0,
            top_k: 8.0,
        }
    }

    #[test]
    fn a_ring_sends_what_a_ring_sends() {
        for ranks in [2.0, 4.0, 8.0] {
            let ring = group(ranks, 8.0).inner(CollectiveKind::AllReduce);
            assert!((ring - 2.0 * (ranks - 1.0) / ranks).abs() < 1e-12);
            assert!(group(ranks, 8.0).outer(CollectiveKind::AllReduce).abs() < 1e-12);
        }
    }

    #[test]
    fn a_tensor_crosses_nodes_once_per_reduction() {
        // 16 ranks in two domains of 8: each NIC carries its eighth of the tensor, twice halved.
        let outer = group(16.0, 8.0).outer(CollectiveKind::AllReduce);
        assert!((outer - 2.0 * 0.5 / 8.0).abs() < 1e-12);
    }

    #[test]
    fn distinct_ranks_are_fewer_than_copies() {
        let distinct = group(8.0, 8.0).distinct();
        assert!(distinct > 5.0 && distinct < 5.5, "{distinct}");
    }
}
