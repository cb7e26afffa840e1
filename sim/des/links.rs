//! Links that transfers share.

use crate::units::{Bytes, BytesPerSec, Seconds, SimSpan, SimTime};

/// Links with a bandwidth each, and the flows over them, whose rates are max-min fair: none can
/// rise without lowering one that is no larger.
#[derive(Clone, Debug, Default)]
pub struct Links {
    bandwidth: Vec<BytesPerSec>,
    flows: Vec<Flow>,
    updated: SimTime,
}

#[derive(Clone, Debug)]
struct Flow {
    tag: u32,
    path: Vec<usize>,
    left: Bytes,
    rate: BytesPerSec,
}

/// What is sent in less seconds than this is there.
const INSTANT: f64 = 1e-12;

impl Flow {
    fn is_over(&self) -> bool {
        self.left <= self.rate * Seconds::new(INSTANT)
    }
}

impl Links {
    /// Adds a link; paths name links by their number, from 0.
    pub fn add(&mut self, bandwidth: BytesPerSec) -> usize {
        self.bandwidth.push(bandwidth);
        self.bandwidth.len() - 1
    }

    /// Starts to send `bytes` over all links of `path`.
    pub fn send(&mut self, now: SimTime, tag: u32, path: Vec<usize>, bytes: Bytes) {
        self.pass(now);
        self.flows.push(Flow { tag, path, left: bytes, rate: BytesPerSec::ZERO });
        self.share();
    }

    /// Gives the flow `tag` up.
    pub fn cancel(&mut self, now: SimTime, tag: u32) {
        self.pass(now);
        self.flows.retain(|flow| flow.tag != tag);
        self.share();
    }

    /// Gives a link another bandwidth from now on.
    pub fn set_bandwidth(&mut self, now: SimTime, link: usize, bandwidth: BytesPerSec) {
        self.pass(now);
        self.bandwidth[link] = bandwidth;
        self.share();
    }

    /// Starts the flows over a link anew, each with the bytes that `of` says of its tag: what they
    /// have sent comes to nothing. Returns their number, and that.
    pub fn restart(
        &mut self,
        now: SimTime,
        link: usize,
        of: impl Fn(u32) -> Bytes,
    ) -> (u64, Bytes) {
        self.pass(now);
        let (mut count, mut sent) = (0, Bytes::ZERO);
        for flow in self.flows.iter_mut().filter(|flow| flow.path.contains(&link)) {
            let all = of(flow.tag);
            count += 1;
            sent += all.saturating_sub(flow.left);
            flow.left = all;
        }
        self.share();
        (count, sent)
    }

    /// When the next flow ends, if nothing else starts or ends before.
    pub fn next_end(&self) -> Option<SimTime> {
        let time = |flow: &Flow| {
            let span = if flow.is_over() {
                SimSpan::ZERO
            } else {
                SimSpan::from_seconds(flow.left / flow.rate)
            };
            self.updated + span
        };
        self.flows.iter().map(time).min()
    }

    /// Takes the flows that have ended by `now`, in the order in which they were started.
    pub fn take_ended(&mut self, now: SimTime) -> Vec<u32> {
        self.pass(now);
        let ended: Vec<u32> = self.flows.iter().filter(|f| f.is_over()).map(|f| f.tag).collect();
        if !ended.is_empty() {
            self.flows.retain(|flow| !flow.is_over());
            self.share();
        }
        ended
    }

    /// The rate of a flow.
    pub fn rate(&self, tag: u32) -> Option<BytesPerSec> {
        self.flows.iter().find(|flow| flow.tag == tag).map(|flow| flow.rate)
    }

    fn pass(&mut self, now: SimTime) {
        let passed = now.since(self.updated).seconds();
        for flow in &mut self.flows {
            flow.left = flow.left.saturating_sub(flow.rate * passed);
        }
        self.updated = now;
    }

    /// The rate that one more flow over `path` would have if those that share its links kept their
    /// fair parts: the least, over its links, of bandwidth over flows. A prediction, and a low one
    /// where others are held back elsewhere.
    pub fn offer(&self, path: &[usize]) -> BytesPerSec {
        let users = |link| self.flows.iter().filter(|flow| flow.path.contains(&link)).count();
        let rate = |&link: &usize| self.bandwidth[link].get() / (users(link) + 1) as f64;
        BytesPerSec::new(path.iter().map(rate).fold(f64::MAX, f64::min))
    }

    /// Fills all links evenly until one is full, whose flows then stay as they are, and so on.
    fn share(&mut self) {
        let mut free = self.bandwidth.clone();
        let mut users = vec![0u32; free.len()];
        for &link in self.flows.iter().flat_map(|flow| &flow.path) {
            users[link] += 1;
        }
        let mut open: Vec<usize> = (0..self.flows.len()).collect();
        while !open.is_empty() {
            let used = (0..free.len()).filter(|&link| users[link] > 0);
            let fair = used.map(|link| (free[link].get() / f64::from(users[link]), link));
            let Some((rate, link)) = fair.min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            let flows = &mut self.flows;
            open.retain(|&index| {
                let flow = &mut flows[index];
                let is_bound = flow.path.contains(&link);
                if is_bound {
                    flow.rate = BytesPerSec::new(rate);
                    for &used in &flow.path {
                        free[used] = free[used].saturating_sub(flow.rate);
                        users[used] -= 1;
                    }
                }
                !is_bound
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(bandwidths: &[f64]) -> Links {
        let mut links = Links::default();
        for &bandwidth in bandwidths {
            links.add(BytesPerSec::new(bandwidth));
        }
        links
    }

    fn at(seconds: f64) -> SimTime {
        SimTime::after_start(SimSpan::from_seconds(Seconds::new(seconds)))
    }

    #[test]
    fn a_transfer_takes_its_bytes_over_its_bandwidth() {
        let mut links = links(&[50e9, 100e9]);
        links.send(at(1.0), 7, vec![0, 1], Bytes::new(25e9));
        assert_eq!(links.next_end(), Some(at(1.5)));
        assert!(links.take_ended(at(1.25)).is_empty());
        assert_eq!(links.take_ended(at(1.5)), [7]);
        assert_eq!(links.next_end(), None);
    }

    #[test]
    fn what_one_flow_cannot_use_goes_to_the_others() {
        // Three share link 0; the one that also needs link 1 gets that one's 10.
        let mut links = links(&[100.0, 10.0]);
        links.send(at(0.0), 1, vec![0], Bytes::new(90.0));
        links.send(at(0.0), 2, vec![0, 1], Bytes::new(90.0));
        links.send(at(0.0), 3, vec![0], Bytes::new(45.0));
        let rates = [1, 2, 3].map(|tag| links.rate(tag).unwrap().get());
        for (rate, expected) in rates.into_iter().zip([45.0, 10.0, 45.0]) {
            assert!((rate - expected).abs() < 1e-9, "{rates:?}");
        }
        assert_eq!(links.take_ended(at(1.0)), [3]);
        // The first has 45 left and 90 a second.
        assert_eq!(links.take_ended(at(1.5)), [1]);
        links.cancel(at(2.0), 2);
        assert_eq!(links.next_end(), None);
    }

    #[test]
    fn less_of_a_link_delays_what_is_sent_anew_over_it_and_frees_other_links() {
        let mut links = links(&[100.0, 60.0]);
        links.send(at(0.0), 1, vec![0, 1], Bytes::new(90.0));
        links.send(at(0.0), 2, vec![0], Bytes::new(100.0));
        // After a second each has sent 50; then the second link has 20 a second left.
        links.set_bandwidth(at(1.0), 1, BytesPerSec::new(20.0));
        let (count, sent) = links.restart(at(1.0), 1, |_| Bytes::new(90.0));
        assert_eq!((count, sent), (1, Bytes::new(50.0)));
        let rates = [1, 2].map(|tag| links.rate(tag).unwrap().get());
        assert!((rates[0] - 20.0).abs() < 1e-9 && (rates[1] - 80.0).abs() < 1e-9, "{rates:?}");
        assert_eq!(links.take_ended(at(1.625)), [2]);
        assert_eq!(links.take_ended(at(5.5)), [1]);
    }

    #[test]
    fn an_offer_is_the_least_part_of_the_links_on_the_way() {
        let mut links = links(&[90.0, 40.0]);
        assert_eq!(links.offer(&[0, 1]), BytesPerSec::new(40.0));
        for tag in 0..2 {
            links.send(at(0.0), tag, vec![0], Bytes::new(1e6));
        }
        assert_eq!(links.offer(&[0, 1]), BytesPerSec::new(30.0));
        assert_eq!(links.offer(&[1]), BytesPerSec::new(40.0));
    }

    proptest! {
        #[test]
        fn rates_are_max_min_fair(
            bandwidths in prop::collection::vec(1.0..100.0f64, 1..6),
            paths in prop::collection::vec(prop::collection::btree_set(0..6usize, 1..4), 1..12),
        ) {
            let mut links = links(&bandwidths);
            let count = bandwidths.len();
            let paths: Vec<Vec<usize>> = paths
                .into_iter()
                .map(|path| {
                    let mut path: Vec<_> = path.into_iter().map(|link| link % count).collect();
                    path.sort_unstable();
                    path.dedup();
                    path
                })
                .collect();
            for (tag, path) in paths.iter().enumerate() {
                links.send(SimTime::ZERO, tag as u32, path.clone(), Bytes::new(1e6));
            }
            let rate = |tag: usize| links.rate(tag as u32).unwrap().get();
            let used = |link: usize| -> f64 {
                (0..paths.len()).filter(|&f| paths[f].contains(&link)).map(rate).sum()
            };
            for (link, bandwidth) in bandwidths.iter().enumerate() {
                prop_assert!(used(link) <= bandwidth * (1.0 + 1e-9));
            }
            // Each flow crosses a full link on which none is faster.
            for (flow, path) in paths.iter().enumerate() {
                let is_bound = path.iter().any(|&link| {
                    let is_full = used(link) >= bandwidths[link] * (1.0 - 1e-9);
                    let mut others = (0..paths.len()).filter(|&f| paths[f].contains(&link));
                    is_full && others.all(|other| rate(other) <= rate(flow) * (1.0 + 1e-9))
                });
                prop_assert!(is_bound, "{flow}");
            }
        }
    }
}
