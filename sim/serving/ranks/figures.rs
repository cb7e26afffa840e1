//! How evenly groups of ranks were loaded.

use super::Balance;
use crate::serving::TokenCounts;
use crate::units::Seconds;

/// What groups of ranks did since the last reset.
#[derive(Clone, Debug, PartialEq)]
pub struct RankFigures {
    /// How requests were spread over them.
    pub balance: Balance,
    /// Of every step the slowest group's own part.
    pub slowest: Seconds,
    /// Of every step the average group's own part; an idle group has none.
    pub mean: Seconds,
    /// All steps.
    pub steps: Seconds,
    /// The average over steps of the mean tokens of a group over the most of one.
    pub balance_ratio: Option<f64>,
    /// How many steps that were.
    pub made: u64,
    /// Replicas that made them, of equally many groups.
    pub replicas: u32,
    /// The groups, replica by replica.
    pub ranks: Vec<RankUse>,
}

/// What one group did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankUse {
    /// Requests sent to it.
    pub requests: u64,
    /// Its tokens.
    pub tokens: TokenCounts,
    /// Steps in which it had something to do.
    pub busy: Seconds,
    /// The most pages that its sequences held.
    pub peak_held_pages: u64,
}

impl RankFigures {
    /// Groups of one replica.
    pub fn groups(&self) -> usize {
        self.ranks.len() / (self.replicas as usize).max(1)
    }

    /// These beside those of another replica, or of several, of the same pool.
    #[must_use]
    pub fn beside(mut self, other: Self) -> Self {
        let weighted = |one: &Self| one.balance_ratio.map(|ratio| ratio * one.made as f64);
        let ratios = [weighted(&self), weighted(&other)];
        self.slowest += other.slowest;
        self.mean += other.mean;
        self.steps += other.steps;
        self.made += other.made;
        self.replicas += other.replicas;
        self.ranks.extend(other.ranks);
        self.balance_ratio =
            (self.made > 0).then(|| ratios.into_iter().flatten().sum::<f64>() / self.made as f64);
        self
    }

    /// Share of the steps' time that groups waited for the slowest: what a step would take less if
    /// what groups do for themselves were spread evenly. None where nothing was done.
    pub fn lost_share(&self) -> Option<f64> {
        let lost = self.slowest.saturating_sub(self.mean);
        (!self.steps.is_zero()).then(|| lost / self.steps)
    }

    /// The slowest group's own part over the average one's.
    pub fn slowest_over_mean(&self) -> Option<f64> {
        (!self.mean.is_zero()).then(|| self.slowest / self.mean)
    }

    /// Share of the steps' time in which a group had nothing to do, on average.
    pub fn idle_share(&self) -> Option<f64> {
        let all = self.steps.get() * self.groups() as f64;
        let busy: f64 = self.ranks.iter().map(|rank| rank.busy.get()).sum();
        // Sums of seconds differ in their last digits.
        (all > 0.0).then(|| 1.0 - busy / all).map(|idle| if idle > 1e-12 { idle } else { 0.0 })
    }

    /// The most of what `of` counts that one group has, over the average.
    pub fn most_over_mean(&self, of: impl Fn(&RankUse) -> u64) -> Option<f64> {
        let counts = || self.ranks.iter().map(&of);
        let mean = counts().sum::<u64>() as f64 / self.ranks.len() as f64;
        let most = counts().max()? as f64;
        (mean > 0.0).then(|| most / mean)
    }
}
