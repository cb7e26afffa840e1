//! A cheap model first, a better one where it fails: what a completed task costs.

/// One attempt at a task by one model, and how often it succeeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// What an attempt takes: dollars, seconds or joules.
    pub cost: f64,
    /// The share of attempts that complete the task, more than 0 and at most 1.
    pub success: f64,
}

impl Attempt {
    /// What a completed task takes if attempts are repeated until one succeeds, each with the same
    /// chance whatever came before.
    pub fn completed(self) -> f64 {
        self.cost / self.success
    }

    /// What attempts that failed take, of [`completed`](Self::completed).
    pub fn wasted(self) -> f64 {
        self.completed() - self.cost
    }

    /// What a completed task takes if this model tries once and hands on the share `escalated` of
    /// the tasks to `better`, which repeats until it succeeds.
    pub fn then(self, better: Self, escalated: f64) -> f64 {
        self.cost + escalated * better.completed()
    }

    /// The share of escalated tasks at which trying this model first costs as much as leaving it
    /// out; negative if it never pays.
    pub fn crossover(self, better: Self) -> f64 {
        1.0 - self.cost / better.completed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_the_sum_of_its_attempts() {
        let cheap = Attempt { cost: 1.0, success: 0.6 };
        let better = Attempt { cost: 8.0, success: 0.8 };
        // 8/0.8 = 10 for the better one alone; 1 + 0.4 × 10 with the cheap one before it.
        assert!((better.completed() - 10.0).abs() < 1e-12);
        assert!((better.wasted() - 2.0).abs() < 1e-12);
        assert!((cheap.then(better, 0.4) - 5.0).abs() < 1e-12);
        let crossover = cheap.crossover(better);
        assert!((crossover - 0.9).abs() < 1e-12);
        assert!((cheap.then(better, crossover) - better.completed()).abs() < 1e-12);
    }

    #[test]
    fn a_first_try_that_costs_more_never_pays() {
        let dear = Attempt { cost: 9.0, success: 0.9 };
        let better = Attempt { cost: 6.0, success: 1.0 };
        assert!(dear.crossover(better) < 0.0);
    }
}
