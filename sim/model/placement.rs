//! Which experts lie on which ranks, and how much more than the mean the fullest of them has to do.

use crate::des::Streams;

/// Shuffles over which placements are averaged.
const SHUFFLES: u64 = 8;

/// Steepest popularity that is looked for: the n-th expert is chosen n⁻² as often as the first.
const STEEPEST: f64 = 2.0;

/// Experts, the ranks that hold them, and copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Experts of a layer.
    pub experts: u32,
    /// Ranks, which divide them evenly.
    pub ranks: u32,
    /// Further experts that each rank has room for: copies of popular ones.
    pub redundant: u32,
}

impl Placement {
    /// What the fullest rank has to do beyond the mean, as a share of it, where it would be
    /// `excess` without copies.
    ///
    /// Popularity falls as a power of an expert's place, with the exponent at which experts that
    /// are dealt out to ranks at random leave that excess. With copies experts are placed as
    /// `DeepSeek`'s EPLB does (github.com/deepseek-ai/EPLB, MIT): each copy goes to the expert with
    /// the most load a copy, then the heaviest first to the rank with the least and room for it.
    /// The popularity is taken to be known; averaged over a few fixed shuffles.
    pub fn excess_left(&self, excess: f64) -> f64 {
        if self.redundant == 0 || excess <= 0.0 || self.ranks < 2 {
            return excess;
        }
        let dealt = |exponent: f64| mean(|shuffle| self.dealt(exponent, shuffle));
        let (mut low, mut high) = (0.0, STEEPEST);
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if dealt(middle) < excess { low = middle } else { high = middle }
        }
        let exponent = f64::midpoint(low, high);
        let balanced = self.fullest(&self.balanced(exponent));
        // Greedy placement of very even loads may be worse than chance.
        balanced.min(excess)
    }

    /// How often an expert is chosen, by its place.
    fn popularity(&self, exponent: f64) -> Vec<f64> {
        (1..=self.experts).map(|place| libm::pow(f64::from(place), -exponent)).collect()
    }

    /// The excess of experts dealt out at random.
    fn dealt(&self, exponent: f64, shuffle: u64) -> f64 {
        let mut loads = self.popularity(exponent);
        let mut stream = Streams::new(0).named("experts", shuffle);
        for last in (1..loads.len()).rev() {
            loads.swap(last, stream.integer(0, last as u64) as usize);
        }
        let each = (self.experts / self.ranks) as usize;
        self.fullest(&loads.chunks(each).map(|rank| rank.iter().sum()).collect::<Vec<f64>>())
    }

    /// The ranks' loads with copies.
    fn balanced(&self, exponent: f64) -> Vec<f64> {
        let loads = self.popularity(exponent);
        let mut copies = vec![1.0; loads.len()];
        for _ in 0..self.redundant * self.ranks {
            let of = |i: usize| loads[i] / copies[i];
            let most = (0..loads.len()).max_by(|&a, &b| of(a).total_cmp(&of(b)));
            copies[most.expect("there are experts")] += 1.0;
        }
        let mut pieces: Vec<f64> = Vec::new();
        for (load, copies) in loads.iter().zip(&copies) {
            pieces.extend(std::iter::repeat_n(load / copies, *copies as usize));
        }
        pieces.sort_by(|a, b| b.total_cmp(a));
        let room = pieces.len() / self.ranks as usize;
        let mut ranks = vec![(0.0_f64, 0); self.ranks as usize];
        for piece in pieces {
            let free = ranks.iter_mut().filter(|(_, held)| *held < room);
            let least = free.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there is room for all");
            *least = (least.0 + piece, least.1 + 1);
        }
        ranks.into_iter().map(|(load, _)| load).collect()
    }

    fn fullest(&self, loads: &[f64]) -> f64 {
        let mean = loads.iter().sum::<f64>() / f64::from(self.ranks);
        loads.iter().copied().fold(0.0, f64::max) / mean - 1.0
    }
}

/// The mean over all shuffles.
fn mean(of: impl Fn(u64) -> f64) -> f64 {
    (0..SHUFFLES).map(of).sum::<f64>() / SHUFFLES as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_level_ranks_out() {
        let with = |redundant| Placement { experts: 256, ranks: 32, redundant };
        for excess in [0.3, 0.75, 1.2] {
            let left: Vec<f64> = (0..4).map(|extra| with(extra).excess_left(excess)).collect();
            assert!((left[0] - excess).abs() < 1e-12);
            assert!(left[1] < 0.25 * excess, "{left:?}");
            assert!(left[2] <= left[1] + 0.02 && left[3] <= left[2] + 0.02, "{left:?}");
        }
    }

    #[test]
    fn the_popularity_is_that_of_the_excess() {
        let placement = Placement { experts: 128, ranks: 16, redundant: 1 };
        let exponents = [0.2, 0.5, 0.9];
        for exponent in exponents {
            let excess = mean(|shuffle| placement.dealt(exponent, shuffle));
            let own = placement.fullest(&placement.balanced(exponent)).min(excess);
            assert!((placement.excess_left(excess) - own).abs() < 1e-6);
        }
    }

    #[test]
    fn one_rank_and_even_loads_have_nothing_to_level() {
        let one = Placement { experts: 8, ranks: 1, redundant: 2 };
        assert!((one.excess_left(0.4) - 0.4).abs() < 1e-12);
        let even = Placement { experts: 8, ranks: 4, redundant: 2 };
        assert!(even.excess_left(0.0).abs() < 1e-12);
    }
}
