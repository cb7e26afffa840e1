//! The load that yields most within a service level.

/// One load tried.
#[derive(Clone, Debug)]
pub struct Trial<T> {
    /// Tasks in flight.
    pub concurrency: u32,
    /// Whether the service level was met.
    pub meets_slo: bool,
    /// What is to be maximised.
    pub rate: f64,
    /// What the run came to.
    pub result: T,
}

/// Loads closer than this are not told apart.
const RESOLUTION: f64 = 1.12;

/// Finds the concurrency with the highest rate among those that meet the service level, within
/// `1..=most`, trying `start` first. `None` if even one task at a time does not meet it.
///
/// Assumes that meeting the level is monotone in the load: doubles or halves until it has a load
/// that does and one that does not, then bisects in proportion. Pure: the same `run` gives the same
/// answer.
pub fn best_concurrency<T>(
    start: u32,
    most: u32,
    mut run: impl FnMut(u32) -> Trial<T>,
) -> Option<Trial<T>> {
    let mut best: Option<Trial<T>> = None;
    let (mut meets, mut fails) = (0, most + 1);
    let mut next = start.clamp(1, most);
    loop {
        let trial = run(next);
        if trial.meets_slo {
            meets = next;
            if best.as_ref().is_none_or(|best| trial.rate > best.rate) {
                best = Some(trial);
            }
        } else {
            fails = next;
        }
        next = match (meets, fails) {
            (0, fails) => fails / 2,
            (meets, fails) if fails > most => (meets * 2).min(most),
            (meets, fails) => between(meets, fails),
        };
        if next == 0 || next == meets || next == fails {
            return best;
        }
    }
}

/// The geometric middle, or `low` if the two are close enough.
fn between(low: u32, high: u32) -> u32 {
    if f64::from(high) <= f64::from(low) * RESOLUTION || high - low <= 1 {
        return low;
    }
    let middle = libm::sqrt(f64::from(low) * f64::from(high)) as u32;
    middle.clamp(low + 1, high - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(start: u32, limit: u32) -> (Option<u32>, u32) {
        let mut runs = 0;
        let found = best_concurrency(start, 4096, |concurrency| {
            runs += 1;
            let meets_slo = concurrency <= limit;
            Trial { concurrency, meets_slo, rate: f64::from(concurrency), result: () }
        });
        (found.map(|trial| trial.concurrency), runs)
    }

    #[test]
    fn the_limit_is_found_from_either_side() {
        for limit in [1, 2, 3, 17, 100, 999, 4096] {
            for start in [1, 16, 300, 4096] {
                let (found, runs) = search(start, limit);
                let found = f64::from(found.expect("one task at a time meets it"));
                assert!(found <= f64::from(limit) && found * 1.12 >= f64::from(limit) - 1.0);
                assert!(runs < 20, "{runs} runs for {limit} from {start}");
            }
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_meets_it() {
        assert_eq!(search(64, 0).0, None);
    }

    #[test]
    fn the_best_rate_wins_not_the_highest_load() {
        let found = best_concurrency(8, 64, |concurrency| Trial {
            concurrency,
            meets_slo: true,
            rate: -(f64::from(concurrency) - 16.0).abs(),
            result: (),
        });
        assert_eq!(found.map(|trial| trial.concurrency), Some(16));
    }
}
