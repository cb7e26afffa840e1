//! What every shape needs of a run: its document, its requests, its load.

use crate::des::Between;
use crate::model::Plan;
use crate::report::RunDocument;
use crate::serving::Outcome;

/// A run with its requests.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// Its document.
    pub document: &'a RunDocument,
    /// Requests that ended within the measuring window, in that order.
    pub outcomes: &'a [Outcome],
    /// The parallel plan of a replica.
    pub plan: Plan,
    /// Clients of a closed loop; `None` if requests came by themselves.
    pub concurrency: Option<u32>,
    /// Tasks that came per second; `None` if at no fixed rate.
    pub rate: Option<f64>,
}

/// Mean, deviation and quantiles of samples, quantiles as `NumPy` reckons them by default.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    sorted: Vec<f64>,
}

impl Figures {
    /// Of these; `None` if there are none.
    pub fn of(samples: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = samples.collect();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then_some(Self { sorted })
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// Their sum.
    pub fn sum(&self) -> f64 {
        self.sorted.iter().sum()
    }

    /// Their mean.
    pub fn mean(&self) -> f64 {
        self.sum() / self.count() as f64
    }

    /// Their standard deviation, of the samples themselves.
    pub fn std(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.sorted.iter().map(|sample| (sample - mean) * (sample - mean)).sum();
        libm::sqrt(squares / self.count() as f64)
    }

    /// The least.
    pub fn min(&self) -> f64 {
        self.sorted[0]
    }

    /// The greatest.
    pub fn max(&self) -> f64 {
        self.sorted[self.count() - 1]
    }

    /// The quantile of a share from 0 to 1.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = Between::of(self.count() as u64, share).expect("there are samples");
        let [low, high] = [place.below, place.above].map(|rank| self.sorted[rank as usize]);
        place.interpolate(low, high)
    }
}

impl Bench<'_> {
    /// Times to first token, in milliseconds.
    pub fn ttft_ms(&self) -> impl Iterator<Item = f64> {
        self.outcomes.iter().map(|outcome| outcome.ttft().as_ms())
    }

    /// Times per output token, in milliseconds, of answers of more than one token.
    pub fn tpot_ms(&self) -> impl Iterator<Item = f64> {
        self.outcomes.iter().filter_map(|outcome| Some(outcome.tpot()?.as_ms()))
    }

    /// Times from arrival to the last token, in milliseconds.
    pub fn e2e_ms(&self) -> impl Iterator<Item = f64> {
        self.outcomes.iter().map(|outcome| outcome.e2e().as_ms())
    }

    /// Prompt tokens of the requests.
    pub fn prompts(&self) -> impl Iterator<Item = u32> {
        self.outcomes.iter().map(|outcome| outcome.prompt)
    }

    /// Output tokens of the requests.
    pub fn outputs(&self) -> impl Iterator<Item = u32> {
        self.outcomes.iter().map(|outcome| outcome.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_numpy() {
        // numpy.percentile([4, 1, 3, 2], 99) and its kin.
        let figures = Figures::of([4.0, 1.0, 3.0, 2.0].into_iter()).unwrap();
        assert!((figures.quantile(0.99) - 3.97).abs() < 1e-12);
        assert!((figures.quantile(0.5) - 2.5).abs() < 1e-12);
        assert!((figures.std() - 1.118_033_988_749_895).abs() < 1e-12);
        assert_eq!(Figures::of(std::iter::empty()), None);
    }
}
