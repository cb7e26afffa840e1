//! Steps that several groups of ranks make together: as long as the slowest of them.

use std::ops::AddAssign;

use super::exact::{Cost, FineSpan};
use super::pace::triangle;
use super::series::Series;

/// Consecutive decode steps of all groups, or a single step of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockstep {
    series: Series,
    /// The slowest group's own part of the first step, and what it grows by a step.
    slowest: [FineSpan; 2],
    /// The same of all groups together.
    all: [FineSpan; 2],
}

/// What groups of ranks did for themselves, while the others waited or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew {
    /// Of each step the slowest group's own part.
    pub slowest: FineSpan,
    /// The own parts of all groups.
    pub all: FineSpan,
}

impl AddAssign for Skew {
    fn add_assign(&mut self, other: Self) {
        self.slowest = self.slowest + other.slowest;
        self.all = self.all + other.all;
    }
}

impl Lockstep {
    /// Steps of which all groups together do `common`, and groups for themselves `own`; those with
    /// nothing to do are left out. Of groups that are equally slow the first counts.
    ///
    /// Known to go on as long as every group's steps do, and the same group is the slowest.
    pub fn new(common: Cost, own: &[Series]) -> Self {
        let mut slowest = 0;
        for (index, series) in own.iter().enumerate() {
            if series.pace().spans().0 > own[slowest].pace().spans().0 {
                slowest = index;
            }
        }
        let Some(slow) = own.get(slowest) else {
            return Self { series: Series::single(common), ..Self::default() };
        };
        let (mut first, mut growth) = (common, Cost::default());
        let mut all = [FineSpan::default(); 2];
        let mut steps = u64::MAX;
        for (index, series) in own.iter().enumerate() {
            first += series.first();
            growth += series.growth();
            all[0] = all[0] + series.pace().spans().0;
            all[1] = all[1] + series.pace().spans().1;
            steps = steps.min(series.pace().steps());
            steps = steps.min(overtakes(slow, series, index < slowest).unwrap_or(u64::MAX));
        }
        let first = (common + slow.first()).with_work_of(&first);
        let growth = slow.growth().with_work_of(&growth);
        let (slow_first, slow_growth) = slow.pace().spans();
        Self { series: Series::new(first, growth, steps), slowest: [slow_first, slow_growth], all }
    }

    /// What the steps cost.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// What groups did for themselves in the first `steps` steps.
    pub fn skew(&self, steps: u64) -> Skew {
        let sum =
            |[first, growth]: [FineSpan; 2]| first.times(steps) + growth.times(triangle(steps));
        Skew { slowest: sum(self.slowest), all: sum(self.all) }
    }
}

impl Default for Lockstep {
    fn default() -> Self {
        let none = [FineSpan::default(); 2];
        Self { series: Series::single(Cost::default()), slowest: none, all: none }
    }
}

/// The first step in which `other`, which is not slower than `slow` in the first one, is; or as
/// slow, if it `wins_ties`.
fn overtakes(slow: &Series, other: &Series, wins_ties: bool) -> Option<u64> {
    let [(slow_first, slow_growth), (first, growth)] = [slow.pace().spans(), other.pace().spans()];
    let ahead = slow_first.count() - first.count();
    let gain = growth.count() - slow_growth.count();
    if gain <= 0 {
        return None;
    }
    let whole = ahead / gain;
    let step = if wins_ties && ahead % gain == 0 { whole } else { whole + 1 };
    u64::try_from(step).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Bound, Breakdown, Demand};
    use crate::units::{Bytes, Flop, Seconds};

    fn cost(ms: f64, flop: f64) -> Cost {
        let demand = Demand { flop: Flop::new(flop), traffic: Bytes::new(flop) };
        Cost::new(Breakdown::of(Bound::HbmBandwidth, Seconds::new(ms * 1e-3)), demand)
    }

    fn series(ms: f64, growth_ms: f64) -> Series {
        Series::new(cost(ms, 10.0), cost(growth_ms, 1.0), 1 << 20)
    }

    fn at(own: &[Series], step: u64) -> Lockstep {
        let later: Vec<_> = own.iter().map(|series| series.skip(step)).collect();
        Lockstep::new(cost(1.0, 5.0), &later)
    }

    #[test]
    fn two_groups_by_hand() {
        // 4 and 3 ms, which grow by 0.25 and 0.5 ms a step: level in step 4, the second from then.
        let own = [series(4.0, 0.25), series(3.0, 0.5)];
        let steps = at(&own, 0);
        assert_eq!(steps.series().pace().steps(), 5, "a tie is still the first one's");
        assert_eq!(steps.series().first().span(), cost(5.0, 0.0).span());
        assert_eq!(steps.series().growth().span(), cost(0.25, 0.0).span());
        let demand = steps.series().first().demand();
        assert_eq!((demand.flop.get(), demand.traffic.get()), (25.0, 25.0));
        let skew = steps.skew(2);
        // 4 + 4.25 of the slowest, and 3 + 3.5 of the other besides.
        let near = |span: FineSpan, ms: f64| (span.seconds().get() - ms * 1e-3).abs() < 1e-15;
        assert!(near(skew.slowest, 8.25) && near(skew.all, 14.75), "{skew:?}");
        // In the other order the tie is the faster-growing one's.
        let turned = [own[1], own[0]];
        assert_eq!(at(&turned, 0).series().pace().steps(), 4);
    }

    #[test]
    fn a_stretch_is_its_steps() {
        let own = [series(4.0, 0.25), series(3.0, 0.5), series(0.5, 0.75), series(3.9, 0.25)];
        let mut from = 0;
        while from < 40 {
            let stretch = at(&own, from);
            let mut skew = Skew::default();
            for step in 0..stretch.series().pace().steps().min(50) {
                let single = at(&own, from + step);
                let of_stretch = stretch.series().skip(step).first();
                assert_eq!(of_stretch, single.series().first(), "{from} {step}");
                skew += single.skew(1);
                assert_eq!(skew, stretch.skew(step + 1));
            }
            from += stretch.series().pace().steps();
        }
    }

    #[test]
    fn without_anything_of_their_own_there_is_what_is_common() {
        let steps = Lockstep::new(cost(1.0, 5.0), &[]);
        assert_eq!((steps.series().first(), steps.skew(1)), (cost(1.0, 5.0), Skew::default()));
    }
}
