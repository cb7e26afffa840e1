//! The bottleneck of a collective, and the rate that it leaves to each rank.

use super::fabric::Fabric;
use super::graph::{Sort, Topology};
use super::load::loads;
use super::ports::Ports;
use super::traffic::{Flow, Traffic};
use super::wiring::Wiring;
use crate::hardware::chip::Chip;
use crate::units::{BytesPerSec, significant};

/// Rates that differ by no more are the same: shares of flows are rounded.
const SAME: f64 = 1e-9;

/// The link that is busy longest.
#[derive(Clone, Debug, PartialEq)]
pub struct Narrowest {
    /// What it is: `NVLink4 port of a chip`.
    pub name: String,
    /// What it carries, per direction.
    pub bandwidth: BytesPerSec,
    /// What that leaves to each rank for its own bytes.
    pub rate: BytesPerSec,
}

/// The narrowest links of a collective.
#[derive(Clone, Debug, PartialEq)]
pub struct Routes {
    /// Of what ranks of one domain exchange.
    pub inside: Narrowest,
    /// Of what domains exchange; what it would be where there is but one.
    pub across: Narrowest,
}

impl Routes {
    /// Those of `traffic` between so many ranks on `chip`s, placed in order: domain after domain,
    /// the last one taken as full. None without a link.
    pub fn of(chip: &Chip, traffic: Traffic, ranks: u32) -> Option<Self> {
        let ports = Ports::of(chip);
        let fabric = fitting(&ports, chip.fabric);
        if fabric.is_even(ports.domain) {
            return Some(Self { inside: port(&ports)?, across: nic(&ports, &fabric)? });
        }
        Self::routed(&ports, &fabric, traffic, ranks)
    }

    /// The same, flow by flow.
    fn routed(ports: &Ports, fabric: &Fabric, traffic: Traffic, ranks: u32) -> Option<Self> {
        let inside = ranks.clamp(1, ports.domain);
        let domains = ranks.div_ceil(inside);
        let topology = Topology::new(ports, fabric, inside, domains)?;
        // Chips that share a NIC do not talk through it.
        let domain = Topology::new(ports, fabric, inside, 1)?;
        let named = |sort| match sort {
            Sort::Port if fabric.wiring != Wiring::Switched => direct(ports, fabric),
            Sort::Port => port(ports),
            Sort::Nic | Sort::Slot => nic(ports, fabric),
            Sort::Uplink => uplink(ports, fabric),
        };
        let within = traffic.inside(&domain);
        let beyond = if domains > 1 { traffic.across(&topology) } else { Vec::new() };
        let (own, far) = (port(ports)?, nic(ports, fabric)?);
        let narrowest = |topology: &Topology, flows: &[Flow], usual: Narrowest| {
            let Some((sort, rate)) = busiest(topology, flows) else { return Some(usual) };
            let found = named(sort)?;
            let is_usual = (rate / usual.rate - 1.0).abs() < SAME;
            Some(Narrowest { rate: if is_usual { usual.rate } else { rate }, ..found })
        };
        // A NIC that chips share has the bandwidth of one chip's all the same.
        let far = Narrowest { rate: far.bandwidth, ..far };
        Some(Self {
            inside: narrowest(&domain, &within, own)?,
            across: narrowest(&topology, &beyond, far)?,
        })
    }
}

/// `fabric`, taken as switched where its torus is not of a domain's size.
fn fitting(ports: &Ports, fabric: Fabric) -> Fabric {
    match fabric.wiring.chips() {
        Some(chips) if chips != ports.domain => Fabric { wiring: Wiring::Switched, ..fabric },
        _ => fabric,
    }
}

/// The sort of the busiest link, and what it leaves to each rank; none without flows.
fn busiest(topology: &Topology, flows: &[Flow]) -> Option<(Sort, BytesPerSec)> {
    let times = loads(topology, flows).into_iter().filter(|(_, load)| *load > 0.0);
    let times = times.map(|(edge, load)| {
        let link = topology.graph[edge];
        (link.sort, load / link.bandwidth.get())
    });
    let times: Vec<(Sort, f64)> = times.collect();
    let longest = times.iter().map(|(_, time)| *time).fold(0.0, f64::max);
    let busy = times.into_iter().filter(|(_, time)| *time >= longest * (1.0 - SAME));
    let (sort, _) = busy.min_by_key(|(sort, _)| *sort)?;
    Some((sort, BytesPerSec::new(1.0 / longest)))
}

fn port(ports: &Ports) -> Option<Narrowest> {
    let bandwidth = ports.link?;
    let port = if ports.has_scale_up { " port" } else { "" };
    Some(Narrowest { name: format!("{}{port} of a chip", ports.name), bandwidth, rate: bandwidth })
}

fn direct(ports: &Ports, fabric: &Fabric) -> Option<Narrowest> {
    let (links, ends) = match fabric.wiring {
        Wiring::Torus(lengths) => {
            (2 * lengths.iter().filter(|length| **length > 1).count() as u32, "neighbours")
        }
        _ => (ports.domain.saturating_sub(1), "two chips"),
    };
    let bandwidth = ports.link? * (1.0 / f64::from(links.max(1)));
    Some(Narrowest { name: format!("{} link of {ends}", ports.name), bandwidth, rate: bandwidth })
}

fn nic(ports: &Ports, fabric: &Fabric) -> Option<Narrowest> {
    let (nics, domain) = (fabric.nics_of(ports.domain), ports.domain);
    // A chip has whole NICs, and the fullest NIC counts.
    let several = f64::from((nics / domain).max(1));
    let bandwidth = ports.nic.or(ports.link)? * several;
    let name = match () {
        () if ports.nic.is_none() => "link between domains, taken as fast as a port".into(),
        () if nics < domain => {
            format!("NIC of {} chips", domain.div_ceil(nics))
        }
        () if nics >= 2 * domain => {
            format!("{} NICs of a chip", nics / domain)
        }
        () => "NIC of a chip".into(),
    };
    Some(Narrowest { name, bandwidth, rate: bandwidth })
}

fn uplink(ports: &Ports, fabric: &Fabric) -> Option<Narrowest> {
    let nic = nic(ports, fabric)?;
    let below = f64::from(fabric.nics_of(ports.domain).min(ports.domain));
    let ratio = fabric.leaf_ratio();
    let bandwidth = nic.bandwidth * (below / ratio);
    let name = format!("leaf to spine, {}:1", significant(ratio, 3));
    Some(Narrowest { name, bandwidth, rate: bandwidth })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    const ALL: [Traffic; 3] = [Traffic::Rings, Traffic::Pairs, Traffic::Next];

    fn chip(name: &str) -> Chip {
        Catalog::embedded().chip(name).unwrap().clone()
    }

    fn gb_s(rate: BytesPerSec) -> f64 {
        rate.get() / 1e9
    }

    /// A fabric on which chips of 450 GB/s and 50 GB/s to the network stand by eights.
    fn of_h100(fabric: Fabric, traffic: Traffic, ranks: u32) -> Routes {
        Routes::of(&Chip { fabric, ..chip("h100-sxm") }, traffic, ranks).unwrap()
    }

    #[test]
    fn full_bisection_leaves_ports_what_they_send_to_the_bit() {
        for chip in Catalog::embedded().chips() {
            let ports = Ports::of(chip);
            let plain = Fabric { wiring: Wiring::Switched, ..chip.fabric };
            assert!(plain.is_even(ports.domain), "{}", chip.name);
            for ranks in [2, 3, 4, 5, 7, 8, 12, 16, 24, 72, 96, 144] {
                for traffic in ALL {
                    let Some(routed) = Routes::routed(&ports, &plain, traffic, ranks) else {
                        assert!(ports.link.is_none());
                        continue;
                    };
                    let by_rule = Routes::of(chip, traffic, ranks).unwrap();
                    assert_eq!(routed, by_rule, "{} {traffic:?} {ranks}", chip.name);
                    assert_eq!(Some(routed.inside.rate), ports.link);
                    assert_eq!(Some(routed.across.rate), ports.nic.or(ports.link));
                }
            }
        }
    }

    #[test]
    fn oversubscription_divides_what_crosses_the_spine() {
        for ratio in [2.0, 3.0, 4.0] {
            let fabric = Fabric { oversubscription: Some(ratio), ..Fabric::default() };
            for traffic in ALL {
                let routes = of_h100(fabric, traffic, 24);
                assert!((gb_s(routes.across.rate) - 50.0 / ratio).abs() < 1e-9);
                assert!((gb_s(routes.across.bandwidth) - 400.0 / ratio).abs() < 1e-9);
                assert_eq!(routes.across.name, format!("leaf to spine, {ratio}:1"));
                assert_eq!(routes.inside, of_h100(Fabric::default(), traffic, 24).inside);
            }
        }
    }

    #[test]
    fn chips_that_share_a_nic_share_its_bandwidth() {
        let fabric = Fabric { nics: Some(4), ..Fabric::default() };
        let routes = of_h100(fabric, Traffic::Rings, 16);
        assert_eq!((gb_s(routes.across.rate), &*routes.across.name), (25.0, "NIC of 2 chips"));
        assert_eq!(routes.inside, of_h100(Fabric::default(), Traffic::Rings, 16).inside);
        // Beside 2:1 leaves the NICs below are as busy as the way up is.
        let both = Fabric { oversubscription: Some(2.0), ..fabric };
        assert!((gb_s(of_h100(both, Traffic::Pairs, 16).across.rate) - 12.5).abs() < 1e-9);
        let more = Fabric { nics: Some(16), ..Fabric::default() };
        assert!((gb_s(of_h100(more, Traffic::Rings, 16).across.rate) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn part_of_a_mesh_has_part_of_its_links() {
        let fabric = Fabric { wiring: Wiring::Mesh, ..Fabric::default() };
        for ranks in 2..=8 {
            let rate = gb_s(of_h100(fabric, Traffic::Pairs, ranks).inside.rate);
            let expected = 450.0 * f64::from(ranks - 1) / 7.0;
            assert!((rate / expected - 1.0).abs() < 1e-9, "{ranks}: {rate}");
            assert!(
                (gb_s(of_h100(fabric, Traffic::Rings, ranks).inside.rate) / rate - 1.0).abs()
                    < 1e-9
            );
        }
        assert_eq!(
            of_h100(fabric, Traffic::Rings, 8).inside.rate,
            chip("h100-sxm").scale_up.unwrap().bandwidth
        );
    }

    #[test]
    fn rings_fill_a_torus_and_pairs_cross_it() {
        let of = |traffic, ranks| {
            let wiring = Wiring::Torus([4, 4, 4]);
            let fabric = Fabric { wiring, ..Fabric::default() };
            Routes::of(&Chip { fabric, ..chip("trainium2") }, traffic, ranks).unwrap().inside
        };
        assert!((gb_s(of(Traffic::Rings, 64).rate) - 640.0).abs() < 1e-6);
        // Along a ring of four the mean way is one link: (0 + 1 + 1 + 2) / 4. With 64 of 63 others
        // that is 64/63 in each dimension, over two links of a sixth of the port each.
        let pairs = of(Traffic::Pairs, 64);
        let expected = 640.0 / 6.0 * 2.0 * 63.0 / 64.0;
        assert!((gb_s(pairs.rate) / expected - 1.0).abs() < 1e-9, "{}", gb_s(pairs.rate));
        assert_eq!(pairs.name, "NeuronLink-v3 link of neighbours");
        // Four in a row have two links each of six.
        assert!((gb_s(of(Traffic::Rings, 4).rate) - 640.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_lost_on_the_way() {
        // What enters the graph leaves it: the loads into chips are what they receive.
        let ports = Ports::of(&chip("gb200"));
        let fabric =
            Fabric { switches: Some(18), oversubscription: Some(2.0), ..Fabric::default() };
        let topology = Topology::new(&ports, &fabric, 72, 2).unwrap();
        let flows = Traffic::Pairs.across(&topology);
        let sent: f64 = flows.iter().map(|flow| flow.share).sum();
        let up: f64 = loads(&topology, &flows)
            .into_iter()
            .filter(|(edge, _)| topology.graph[*edge].sort == Sort::Uplink)
            .map(|(_, load)| load)
            .sum();
        assert!(
            (up / sent - 2.0).abs() < 1e-9,
            "each flow goes up once and down once: {up} {sent}"
        );
    }
}
