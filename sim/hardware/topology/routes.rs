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
        Self::strided(chip, traffic, ranks, 1)
    }

    /// The same between every `stride`-th of them, all such groups at once.
    pub fn strided(chip: &Chip, traffic: Traffic, ranks: u32, stride: u32) -> Option<Self> {
        let ports = Ports::of(chip);
        let wiring = chip.fabric.wiring_of(ports.domain);
        let fabric = Fabric { wiring, ..chip.fabric };
        let group = Group { ports: &ports, fabric: &fabric, traffic, ranks, stride };
        Some(Self {
            inside: if fabric.is_even_inside() { port(&ports)? } else { group.inside()? },
            across: if fabric.is_even_beyond(ports.domain) {
                nic(&ports, &fabric)?
            } else {
                group.across()?
            },
        })
    }
}

/// Ranks that exchange, routed flow by flow.
struct Group<'a> {
    ports: &'a Ports,
    fabric: &'a Fabric,
    traffic: Traffic,
    ranks: u32,
    stride: u32,
}

impl Group<'_> {
    /// The narrowest link within a domain.
    fn inside(&self) -> Option<Narrowest> {
        // Chips that share a NIC do not talk through it.
        let topology = Topology::new(self.ports, self.fabric, self.in_domain(), 1)?;
        let flows = self.traffic.inside(&topology, self.stride);
        self.narrowest(&topology, &flows, port(self.ports)?)
    }

    /// The narrowest link between domains.
    fn across(&self) -> Option<Narrowest> {
        let domains = self.ranks.div_ceil(self.in_domain());
        let topology = Topology::new(self.ports, self.fabric, self.in_domain(), domains)?;
        let flows = if domains > 1 { self.traffic.across(&topology) } else { Vec::new() };
        // A NIC that chips share has the bandwidth of one chip's all the same.
        let far = nic(self.ports, self.fabric)?;
        self.narrowest(&topology, &flows, Narrowest { rate: far.bandwidth, ..far })
    }

    fn in_domain(&self) -> u32 {
        self.ranks.clamp(1, self.ports.domain)
    }

    fn narrowest(&self, on: &Topology, flows: &[Flow], usual: Narrowest) -> Option<Narrowest> {
        let Some((sort, rate)) = busiest(on, flows) else { return Some(usual) };
        let found = match sort {
            Sort::Port if self.fabric.is_even_inside() => port(self.ports),
            Sort::Port => direct(self.ports, self.fabric),
            Sort::Nic | Sort::Slot => nic(self.ports, self.fabric),
            Sort::Uplink => uplink(self.ports, self.fabric),
        }?;
        let is_usual = (rate / usual.rate - 1.0).abs() < SAME;
        Some(Narrowest { rate: if is_usual { usual.rate } else { rate }, ..found })
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
            assert!(plain.is_even_beyond(ports.domain), "{}", chip.name);
            let switched = Chip { fabric: plain, ..chip.clone() };
            for ranks in [2, 3, 4, 5, 7, 8, 12, 16, 24, 72, 96, 144] {
                for traffic in ALL {
                    let group = Group { ports: &ports, fabric: &plain, traffic, ranks, stride: 1 };
                    let (Some(inside), Some(across)) = (group.inside(), group.across()) else {
                        assert!(ports.link.is_none());
                        continue;
                    };
                    let routed = Routes { inside, across };
                    let by_rule = Routes::of(&switched, traffic, ranks).unwrap();
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
    fn groups_that_skip_chips_have_the_links_between_them() {
        let of = |name, wiring, ranks, stride| {
            let chip = Chip { fabric: Fabric { wiring, ..Fabric::default() }, ..chip(name) };
            gb_s(Routes::strided(&chip, Traffic::Rings, ranks, stride).unwrap().inside.rate)
        };
        // The first and the fifth of eight in a mesh: a link of seven.
        assert!((of("h100-sxm", Wiring::Mesh, 8, 4) - 450.0 / 7.0).abs() < 1e-9);
        let torus = |ranks, stride| of("trainium2", Wiring::Torus([4, 4, 4]), ranks, stride);
        // Along the second dimension: a whole ring of four.
        assert!((torus(16, 4) - 640.0 / 3.0).abs() < 1e-6);
        // Two apart in it: half goes each way round, beside the half of the chips between.
        assert!((torus(16, 8) - 640.0 / 6.0).abs() < 1e-6);
    }

    #[test]
    fn a_group_on_a_torus_is_as_fast_as_its_worst_linked_chip() {
        let trainium = chip("trainium2");
        // A row's end, a corner, a row and one more; then planes and cubes of whole rings.
        let links = [(2, 1), (3, 1), (4, 2), (5, 1), (6, 2), (8, 3), (16, 4), (32, 5), (64, 6)];
        for (ranks, links) in links {
            let rate = gb_s(Routes::of(&trainium, Traffic::Rings, ranks).unwrap().inside.rate);
            assert!((rate - 640.0 / 6.0 * f64::from(links)).abs() < 1e-6, "{ranks}: {rate}");
        }
    }

    #[test]
    fn specs_say_how_chips_are_priced() {
        for name in ["mi300x", "mi325x", "mi350x", "mi355x"] {
            assert_eq!(chip(name).fabric.wiring, Wiring::Mesh, "{name}");
        }
        assert_eq!(chip("trainium2").fabric.wiring, Wiring::Torus([4, 4, 4]));
        for name in ["h100-sxm", "gb300", "rubin", "mi455x", "trainium3"] {
            assert_eq!(chip(name).fabric.wiring, Wiring::Switched, "{name}");
        }
        // A torus of another number of chips is none of this domain.
        let fabric = Fabric { wiring: Wiring::Torus([4, 4, 4]), ..Fabric::default() };
        let plain = of_h100(Fabric::default(), Traffic::Pairs, 4);
        assert_eq!(of_h100(fabric, Traffic::Pairs, 4), plain);
    }

    #[test]
    fn beyond_a_domain_wiring_is_not_felt() {
        for wiring in [Wiring::Mesh, Wiring::Torus([4, 2, 1])] {
            for oversubscription in [None, Some(4.0)] {
                let plain = Fabric { oversubscription, ..Fabric::default() };
                let wired = Fabric { wiring, ..plain };
                for traffic in ALL {
                    let [wired, plain] = [wired, plain].map(|on| of_h100(on, traffic, 24).across);
                    assert_eq!(wired, plain, "{wiring} {traffic:?}");
                }
            }
        }
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
