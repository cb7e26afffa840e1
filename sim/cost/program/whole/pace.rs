//! How long decode steps between two changes of a batch take: an arithmetic series.

use super::exact::FineSpan;

/// The times of consecutive decode steps of the same sequences: each takes as much longer than the
/// one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    first: FineSpan,
    growth: FineSpan,
    steps: u64,
}

impl Pace {
    /// Steps that begin with one of `first`, each `growth` longer than the one before; known to go
    /// on so for `steps` steps, at least one.
    pub(super) fn new(first: FineSpan, growth: FineSpan, steps: u64) -> Self {
        Self { first, growth, steps: steps.max(1) }
    }

    /// How many steps are known to be of the series.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The time of the first step, and how much longer each is than the one before it.
    pub fn spans(&self) -> (FineSpan, FineSpan) {
        (self.first, self.growth)
    }

    /// The time of the first `steps` steps.
    #[inline]
    pub fn span(&self, steps: u64) -> FineSpan {
        self.first.times(steps) + self.growth.times(triangle(steps))
    }

    /// How many whole steps, at most `most`, fit into `span`.
    pub fn fitting(&self, span: FineSpan, most: u64) -> u64 {
        // Steps do not become shorter, and hardly longer: nearly as many fit as of the first.
        let alike = match (span.whole_ps(), self.first.whole_ps()) {
            (u64::MAX, _) | (_, 0) => most,
            (span, first) => most.min((span + 1) / first),
        };
        let (mut fits, mut exceeds, mut back) = (0, alike + 1, 1);
        while exceeds - fits > 1 {
            let middle = exceeds.saturating_sub(back).max(fits.midpoint(exceeds));
            if self.span(middle) <= span {
                fits = middle;
            } else {
                exceeds = middle;
            }
            back = back.saturating_mul(2);
        }
        fits
    }
}

/// Σ of 0 .. `steps` − 1.
pub(super) const fn triangle(steps: u64) -> u64 {
    steps * steps.saturating_sub(1) / 2
}
