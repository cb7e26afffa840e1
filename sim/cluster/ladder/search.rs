//! The load that yields most within a service level.

/// One load tried.
#[derive(Clone, Debug)]
pub struct Trial<T> {
    /// Tasks in flight.
    pub concurrency: u32,
    /// Whether the service level was met.
    pub meets_slo: bool,
    /// The worst latency as a share of what the level allows.
    pub used: f64,
    /// What is to be maximised.
    pub rate: f64,
    /// What the run came to.
    pub result: T,
}

/// How a search goes about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stride {
    /// The first guess is raised or lowered by this factor until the limit is between two loads.
    pub growth: f64,
    /// Loads closer than this are not told apart.
    pub resolution: f64,
    /// Whether the factor is smaller where what a trial used of the level says that the limit is
    /// near.
    pub is_guided: bool,
    /// Where the higher of two loads yields less, they are not told apart if they are closer than
    /// this; if nothing is said, the level alone ends a climb.
    pub peak: Option<f64>,
}

/// Near the limit latencies grow about as the third power of the load, as they did in 900 searches
/// on the default ladder.
const LOAD_PER_LATENCY: f64 = 0.35;

/// A rate is below the highest so far if it is not even this share of it: chance moves it by less.
const LESS: f64 = 0.98;

impl Stride {
    /// When nothing is known.
    pub const WIDE: Self = Self { growth: 2.0, resolution: 1.12, is_guided: false, peak: None };
    /// When the first guess is nearly right and small differences count.
    pub const CLOSE: Self = Self { growth: 1.2, resolution: 1.03, peak: Some(1.1), ..Self::WIDE };
    /// When the first guess is nearly right and what is compared differs by far more than a step.
    /// One load between two steps is enough, whole as loads are.
    pub const ROUGH: Self = Self { resolution: 1.12, peak: Some(1.2), ..Self::CLOSE };
    /// When the first guess may be far off.
    pub const FAR: Self = Self { growth: 2.0, resolution: 1.05, is_guided: true, peak: Some(1.2) };

    /// The factor from a load at which the worst latency was `used` of what the level allows.
    fn factor(&self, used: f64) -> f64 {
        if !self.is_guided {
            return self.growth;
        }
        let away = libm::pow(used.max(1.0 / used), LOAD_PER_LATENCY);
        away.max(self.resolution).min(self.growth)
    }
}

/// Finds the concurrency with the highest rate among those that meet the service level, within
/// `1..=most`, trying `start` first. `None` if even one task at a time does not meet it.
///
/// Assumes that meeting the level is monotone in the load: raises or lowers until it has a load
/// that does and one that does not, then bisects in proportion. With a `peak` a load that yields
/// less than a lower one is as good an end as one that fails. Pure: the same `run` gives the same
/// answer.
pub fn best_concurrency<T>(
    start: u32,
    most: u32,
    stride: Stride,
    mut run: impl FnMut(u32) -> Trial<T>,
) -> Option<Trial<T>> {
    let mut best: Option<Trial<T>> = None;
    let (mut meets, mut fails) = (0, most + 1);
    let mut next = start.clamp(1, most);
    let mut resolution = stride.resolution;
    loop {
        let trial = run(next);
        let factor = stride.factor(trial.used);
        let past_peak =
            stride.peak.filter(|_| best.as_ref().is_some_and(|best| trial.rate < best.rate * LESS));
        if trial.meets_slo && past_peak.is_none() {
            meets = next;
            if best.as_ref().is_none_or(|best| trial.rate > best.rate) {
                best = Some(trial);
            }
        } else {
            fails = next;
            resolution = past_peak.unwrap_or(stride.resolution);
        }
        next = match (meets, fails) {
            (0, fails) => ((f64::from(fails) / factor) as u32).min(fails - 1),
            (meets, fails) if fails > most => {
                ((f64::from(meets) * factor) as u32).max(meets + 1).min(most)
            }
            (meets, fails) => between(meets, fails, resolution),
        };
        if next == 0 || next == meets || next == fails {
            return best;
        }
    }
}

/// The geometric middle, or `low` if the two are close enough.
fn between(low: u32, high: u32, resolution: f64) -> u32 {
    if f64::from(high) <= f64::from(low) * resolution || high - low <= 1 {
        return low;
    }
    let middle = libm::sqrt(f64::from(low) * f64::from(high)) as u32;
    middle.clamp(low + 1, high - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where latencies grow as the `steepness`-th power of the load.
    fn search(start: u32, limit: u32, steepness: f64, stride: Stride) -> (Option<u32>, u32) {
        let mut runs = 0;
        let found = best_concurrency(start, 4096, stride, |concurrency| {
            runs += 1;
            let meets_slo = concurrency <= limit;
            let used = libm::pow(f64::from(concurrency) / f64::from(limit), steepness);
            Trial { concurrency, meets_slo, used, rate: f64::from(concurrency), result: () }
        });
        (found.map(|trial| trial.concurrency), runs)
    }

    #[test]
    fn the_limit_is_found_from_either_side() {
        for limit in [1, 2, 3, 17, 100, 999, 4096] {
            for start in [1, 16, 300, 4096] {
                for stride in [Stride::WIDE, Stride::CLOSE, Stride::ROUGH, Stride::FAR] {
                    for steepness in [0.1, 1.0, 3.0, 30.0] {
                        let (found, runs) = search(start, limit, steepness, stride);
                        let found = f64::from(found.expect("one task at a time meets it"));
                        let (limit, finest) = (f64::from(limit), stride.resolution);
                        assert!(found <= limit && found * finest >= limit - 1.0);
                        // Where load hardly moves latency, what was used leads in short steps.
                        let most = if stride.is_guided { 100 } else { 60 };
                        assert!(runs < most, "{runs} runs for {limit} from {start}");
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_meets_it() {
        for stride in [Stride::WIDE, Stride::FAR] {
            assert_eq!(search(64, 0, 3.0, stride).0, None);
        }
    }

    #[test]
    fn what_was_used_of_the_level_leads_to_the_limit() {
        let blind = Stride { growth: 1.2, is_guided: false, ..Stride::FAR };
        let limits = || (10..1000).step_by(10);
        let runs =
            |stride| -> u32 { limits().map(|limit| search(100, limit, 3.0, stride).1).sum() };
        assert!(runs(Stride::FAR) * 10 < runs(blind) * 8);
    }

    #[test]
    fn a_climb_ends_past_the_peak_near_its_best() {
        for stride in [Stride::CLOSE, Stride::ROUGH, Stride::FAR] {
            for (start, peak) in [(80, 100), (100, 100), (90, 300), (300, 310)] {
                let mut runs = 0;
                let found = best_concurrency(start, 4096, stride, |concurrency| {
                    runs += 1;
                    let off = libm::log(f64::from(concurrency) / f64::from(peak));
                    let (rate, used) = (1.0 - off * off, 0.1);
                    Trial { concurrency, meets_slo: true, used, rate, result: () }
                });
                let rate = found.expect("every load meets it").rate;
                // Of two loads on either side of the peak one is within half a step of it.
                let half = libm::log(stride.growth) / 2.0;
                assert!(rate > 1.0 - half * half, "{rate} from {start} to {peak}: {stride:?}");
                assert!(runs < 12, "{runs} runs from {start} to {peak} with {stride:?}");
            }
        }
    }

    #[test]
    fn the_best_rate_wins_not_the_highest_load() {
        let found = best_concurrency(8, 64, Stride::WIDE, |concurrency| Trial {
            concurrency,
            meets_slo: true,
            used: 0.5,
            rate: -(f64::from(concurrency) - 16.0).abs(),
            result: (),
        });
        assert_eq!(found.map(|trial| trial.concurrency), Some(16));
    }
}
