//! Costs as whole numbers, so that sums do not depend on the order or grouping of steps.

use std::ops::{Add, AddAssign, Mul, Sub};

use crate::cost::Demand;
use crate::cost::bound::{Bound, Breakdown};
use crate::units::{Bytes, Flop, Seconds, SimTime};

/// Whole numbers count 2⁻³² of a picosecond, of an operation, of a byte.
const FRACTION_BITS: u32 = 32;
const ONE: f64 = (1u64 << FRACTION_BITS) as f64;
const PS: f64 = 1e12;

/// Clocks are counted in this many parts of full ones.
pub(in crate::cost::program) const FULL_CLOCK: u32 = 64;

/// Longer than any run: 213 days are 2⁶⁴ ps.
const LONGEST: f64 = (1u128 << 100) as f64;

/// Bits of a number behind its leading one, and what its exponent is too large by.
const MANTISSA_BITS: i32 = 52;
const BIAS: i32 = 1023;

/// What steps cost: time by cause, operations and bytes of one chip, in whole 2⁻³² ps, operations
/// and bytes.
///
/// Exact under addition and multiplication: many steps priced one by one and the same steps priced
/// as a series add up to the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    time: [i128; Bound::ALL.len()],
    flop: i128,
    traffic: i128,
    clocks: Clocks,
}

/// What clocks below full ones did to steps, in whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Clocks {
    /// Time that steps would not have taken, and all the time of steps that were slowed.
    lost: i128,
    slow: i128,
    /// Operations times the part of their energy that was spared, in 4096ths.
    spared: i128,
}

/// What clocks below full ones did to steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Throttled {
    /// Time that steps would not have taken at full clocks.
    pub lost: Seconds,
    /// The time of steps that were slowed.
    pub slow: Seconds,
    /// Operations of one chip, each by the part of its energy that lower clocks spared.
    pub spared: Flop,
}

/// A distance on the fine clock: whole 2⁻³² ps, exact under addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FineSpan(i128);

/// An instant on the fine clock. A step begins where the one before it ended, to a fraction of a
/// picosecond; events happen at the next whole one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FineTime(i128);

/// `x` in whole 2⁻³², rounded towards zero.
fn whole(x: f64) -> i128 {
    // A whole number, times a power of two; a conversion by the processor has 64 bits.
    let mantissa = x.to_bits() & ((1 << MANTISSA_BITS) - 1) | 1 << MANTISSA_BITS;
    let exponent = (x.to_bits() >> MANTISSA_BITS & 0x7ff) as i32 - BIAS;
    let size = match exponent - MANTISSA_BITS + FRACTION_BITS.cast_signed() {
        i32::MIN..=-64 => 0,
        shift @ -63..0 => i128::from(mantissa >> -shift),
        shift @ 0..48 => i128::from(mantissa) << shift,
        48.. => return (x * ONE).clamp(-LONGEST, LONGEST) as i128,
    };
    if x < 0.0 { -size } else { size }
}

/// Whole 2⁻³² as a number.
fn units(count: i128) -> f64 {
    match i64::try_from(count >> FRACTION_BITS) {
        Ok(units) => units as f64 + f64::from(count as u32) / ONE,
        Err(_) => count as f64 / ONE,
    }
}

impl Cost {
    /// A price as whole numbers.
    pub fn new(time: Breakdown, demand: Demand) -> Self {
        let mut parts = [0.0; Bound::ALL.len()];
        for (part, bound) in parts.iter_mut().zip(Bound::ALL) {
            *part = time[bound];
        }
        Self::of_parts(parts, demand.flop.get(), demand.traffic.get())
    }

    /// Of seconds by bound, operations, and bytes; coefficients may be negative.
    pub(super) fn of_parts(parts: [f64; Bound::ALL.len()], flop: f64, traffic: f64) -> Self {
        let mut time = [0; Bound::ALL.len()];
        for (time, seconds) in time.iter_mut().zip(parts) {
            *time = whole(seconds * PS);
        }
        Self { time, flop: whole(flop), traffic: whole(traffic), clocks: Clocks::default() }
    }

    /// All of its time.
    pub fn span(&self) -> FineSpan {
        FineSpan::of(self.sum())
    }

    /// Its time by cause.
    pub fn breakdown(&self) -> Breakdown {
        let mut parts = Breakdown::default();
        for (bound, time) in Bound::ALL.into_iter().zip(self.time) {
            parts[bound] = units(time) / PS;
        }
        parts
    }

    /// Its operations and bytes.
    pub fn demand(&self) -> Demand {
        let [flop, traffic] = [self.flop, self.traffic].map(|count| units(count).max(0.0));
        Demand { flop: Flop::new(flop), traffic: Bytes::new(traffic) }
    }

    /// The same time with another account of work.
    pub fn with_demand(self, demand: Demand) -> Self {
        Self { flop: whole(demand.flop.get()), traffic: whole(demand.traffic.get()), ..self }
    }

    /// The same time with the account of work of `other`.
    pub(super) fn with_work_of(self, other: &Self) -> Self {
        Self { flop: other.flop, traffic: other.traffic, ..self }
    }

    /// The same as the slower form of a step that costs `full` at full clocks, at `clock` 64ths of
    /// them.
    pub(in crate::cost::program) fn slowed_from(self, full: &Self, clock: u32) -> Self {
        let spared = i128::from(FULL_CLOCK * FULL_CLOCK - clock * clock);
        let slow = self.sum();
        let clocks = Clocks { lost: slow - full.sum(), slow, spared: self.flop * spared };
        Self { clocks, ..self }
    }

    /// Adds `other` so many times.
    #[inline]
    pub(super) fn add_times(&mut self, other: &Self, times: u64) {
        self.add_scaled(other, i128::from(times));
    }

    /// The same for more times than there are steps: for sums over them.
    #[inline]
    pub(super) fn add_scaled(&mut self, other: &Self, times: i128) {
        for (time, more) in self.time.iter_mut().zip(&other.time) {
            *time += more * times;
        }
        self.flop += other.flop * times;
        self.traffic += other.traffic * times;
        self.clocks.add(&other.clocks, times);
    }

    /// All of its time, which may be negative: a coefficient's.
    pub(super) fn sum(&self) -> i128 {
        self.time.iter().sum()
    }

    /// What clocks below full ones did.
    pub fn throttled(&self) -> Throttled {
        let Clocks { lost, slow, spared } = self.clocks;
        let all = f64::from(FULL_CLOCK * FULL_CLOCK);
        Throttled {
            lost: Seconds::new(units(lost.max(0)) / PS),
            slow: Seconds::new(units(slow.max(0)) / PS),
            spared: Flop::new(units(spared.max(0)) / all),
        }
    }

    /// Moves the share `fraction`, at most 1, of every part of its time to `bound`.
    pub fn reassign(&mut self, bound: Bound, fraction: f64) {
        let fraction = whole(fraction);
        let mut moved = 0;
        for time in &mut self.time {
            let part = (*time * fraction) >> FRACTION_BITS;
            *time -= part;
            moved += part;
        }
        self.time[bound as usize] += moved;
    }
}

impl Clocks {
    /// Adds `other` so many times. Steps at full clocks have none, which most are.
    fn add(&mut self, other: &Self, times: i128) {
        if *other != Self::default() {
            self.lost += other.lost * times;
            self.slow += other.slow * times;
            self.spared += other.spared * times;
        }
    }
}

impl FineSpan {
    /// So many 2⁻³² ps; a negative count, which rounding may leave of nothing, is none.
    pub(super) fn of(count: i128) -> Self {
        Self(count.max(0))
    }

    /// The span as modelled seconds.
    pub fn seconds(self) -> Seconds {
        Seconds::new(units(self.0) / PS)
    }

    /// The whole picoseconds in it, [`u64::MAX`] if they are more.
    pub(super) fn whole_ps(self) -> u64 {
        u64::try_from(self.0 >> FRACTION_BITS).unwrap_or(u64::MAX)
    }

    /// Whole 2⁻³² ps.
    pub const fn count(self) -> i128 {
        self.0
    }

    /// The span `times` times over.
    pub const fn times(self, times: u64) -> Self {
        Self(self.0 * times as i128)
    }
}

impl FineTime {
    /// The fine clock at a whole picosecond.
    pub fn at(time: SimTime) -> Self {
        Self(i128::from(time.since_start().as_ps()) << FRACTION_BITS)
    }

    /// The first whole picosecond not before it; [`SimTime::NEVER`] if there is none.
    pub fn ceil(self) -> SimTime {
        let ps = (self.0 + ((1 << FRACTION_BITS) - 1)) >> FRACTION_BITS;
        let ps = u64::try_from(ps).unwrap_or(u64::MAX);
        SimTime::after_start(crate::units::SimSpan::from_ps(ps))
    }

    /// What it lies past a whole picosecond.
    pub const fn fraction(self) -> u32 {
        self.0 as u32
    }

    /// The span from `earlier` to it, zero if that is later.
    pub fn since(self, earlier: Self) -> FineSpan {
        FineSpan((self.0 - earlier.0).max(0))
    }
}

impl Add<FineSpan> for FineTime {
    type Output = Self;
    fn add(self, span: FineSpan) -> Self {
        Self(self.0 + span.0)
    }
}

impl Add for FineSpan {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Cost {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self += &other;
    }
}

impl AddAssign<&Self> for Cost {
    #[inline]
    fn add_assign(&mut self, other: &Self) {
        for (time, more) in self.time.iter_mut().zip(&other.time) {
            *time += more;
        }
        self.flop += other.flop;
        self.traffic += other.traffic;
        self.clocks.add(&other.clocks, 1);
    }
}

impl Sub for Cost {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        let mut difference = self;
        for (time, less) in difference.time.iter_mut().zip(other.time) {
            *time -= less;
        }
        difference.flop -= other.flop;
        difference.traffic -= other.traffic;
        difference.clocks.lost -= other.clocks.lost;
        difference.clocks.slow -= other.clocks.slow;
        difference.clocks.spared -= other.clocks.spared;
        difference
    }
}

impl Mul<u64> for Cost {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        let mut product = Self::default();
        product.add_times(&self, times);
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_its_price_to_a_fraction_of_a_picosecond() {
        let mut parts = Breakdown::of(Bound::Compute, Seconds::new(1.25e-3));
        parts[Bound::Host] = 0.5e-3;
        let demand = Demand { flop: Flop::new(3e12), traffic: Bytes::new(7e9) };
        let cost = Cost::new(parts, demand);
        for bound in Bound::ALL {
            assert!((cost.breakdown()[bound] - parts[bound]).abs() < 1e-18);
        }
        assert_eq!(cost.demand(), demand);
        let mut moved = cost;
        moved.reassign(Bound::HbmCapacity, 0.25);
        assert_eq!(moved.span(), cost.span());
        assert!((moved.breakdown()[Bound::HbmCapacity] - 0.4375e-3).abs() < 1e-18);
        let end = FineTime::at(SimTime::ZERO) + cost.span();
        assert!(end.ceil().since_start().as_ps().abs_diff(1_750_000_000) <= 1);
        assert_eq!((cost * 3 - cost).span(), (cost + cost).span());
    }

    #[test]
    fn whole_numbers_are_rounded_towards_zero() {
        let all = (-80..120).flat_map(|power| {
            let power = libm::exp2(f64::from(power));
            let x = 1.234_567_890_123_4 * power;
            [x, -x, x.floor(), power]
        });
        for x in all.chain([0.0, -0.0, f64::MIN_POSITIVE, f64::INFINITY, f64::NAN]) {
            assert_eq!(whole(x), (x * ONE).clamp(-LONGEST, LONGEST) as i128, "{x:e}");
        }
    }

    #[test]
    fn instants_round_up_and_end() {
        let just_after = FineTime::at(SimTime::ZERO) + FineSpan(1);
        assert_eq!(just_after.ceil().since_start().as_ps(), 1);
        assert_eq!(just_after.fraction(), 1);
        let forever = Breakdown::of(Bound::Host, Seconds::new(1e300));
        let end = FineTime::at(SimTime::NEVER) + Cost::new(forever, Demand::default()).span();
        assert_eq!(end.ceil(), SimTime::NEVER);
    }
}
