//! How a point's prediction answers to the terms.

use crate::cost::HostTerms;
use crate::units::Seconds;

/// How many terms there are.
pub(super) const TERMS: usize = 6;

/// Their names in the calibration file.
pub(super) const NAMES: [&str; TERMS] =
    ["step", "sequence", "kernel", "rank", "first-token", "token"];

/// By how much each is moved to see what it does, in seconds; also the first step of the search.
pub(super) const MOVES: [f64; TERMS] = [200e-6, 4e-6, 0.3e-6, 30e-6, 20e-3, 2e-6];

/// The last two concern times to first token alone.
pub(super) const FIRST_TOKEN: usize = 4;

/// The very last.
pub(super) const TOKEN: usize = 5;

/// The terms as numbers, in seconds.
pub(super) fn values(terms: HostTerms) -> [f64; TERMS] {
    let HostTerms { step, sequence, kernel, rank, first_token, token } = terms;
    [step, sequence, kernel, rank, first_token, token].map(Seconds::get)
}

/// The numbers as terms.
pub(super) fn terms(values: [f64; TERMS]) -> HostTerms {
    let [step, sequence, kernel, rank, first_token, token] = values.map(Seconds::new);
    HostTerms { step, sequence, kernel, rank, first_token, token }
}

/// One point: what was measured, and `base + Σ slope × change`.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) measured: f64,
    pub(super) base: f64,
    pub(super) slopes: [f64; TERMS],
    /// Share of the error that its group has per point, so that groups count alike.
    pub(super) weight: f64,
    pub(super) is_first_token: bool,
    pub(super) is_held_out: bool,
}

/// An error counts for no more than this: a factor of 1.6 is another deployment, not a host term.
const FOREIGN: f64 = 0.5;

impl Response {
    /// |ln(predicted / measured)| after a change of the terms: what is minimised.
    pub(super) fn error(&self, change: &[f64; TERMS]) -> f64 {
        libm::log(self.ratio(change)).abs()
    }

    /// Predicted over measured after a change of the terms.
    pub(super) fn ratio(&self, change: &[f64; TERMS]) -> f64 {
        let moved: f64 = self.slopes.iter().zip(change).map(|(slope, by)| slope * by).sum();
        (self.base + moved).max(self.base * 0.1) / self.measured
    }
}

/// The weighted mean error of the responses that `counts`, each capped.
pub(super) fn loss<'a>(
    responses: impl Iterator<Item = &'a Response>,
    change: &[f64; TERMS],
) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for response in responses {
        sum += response.weight * response.error(change).min(FOREIGN);
        weights += response.weight;
    }
    if weights > 0.0 { sum / weights } else { 0.0 }
}
