//! What each factor of a full factorial does: alone, last, on average over all orders, in pairs.

/// Most factors of a factorial: it has two to that power of cells.
pub const MOST_FACTORS: usize = 12;

/// A figure for every set of factors, kept as logarithms: there gains add up.
///
/// Sets are masks: factor `i` is in the set `s` if bit `i` of `s` is 1. A set that could not be
/// measured has no figure. What follows is said between the *floor*, the factors without which
/// nothing runs, and the *roof*, those with which anything runs; without gaps these are none and
/// all.
#[derive(Clone, Debug, PartialEq)]
pub struct Factorial {
    factors: usize,
    logs: Vec<Option<f64>>,
    floor: usize,
    roof: usize,
    /// Orders of the factors, from the floor to each set, all of whose steps have a figure.
    orders_to: Vec<f64>,
    /// The same from each set to the roof.
    orders_from: Vec<f64>,
}

/// A weighted sum of a factorial's logarithms: by set, how often it counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast(Vec<(usize, f64)>);

impl Contrast {
    /// The logarithm of `over` less that of `under`.
    fn of(over: usize, under: usize) -> Self {
        Self(vec![(over, 1.0), (under, -1.0)])
    }

    /// Its value for `logs`; `None` where one of them is missing.
    fn value(&self, logs: &[Option<f64>]) -> Option<f64> {
        self.0.iter().map(|&(set, weight)| Some(logs[set]? * weight)).sum()
    }
}

impl Factorial {
    /// From a figure for each of the `2^factors` sets, in order of their masks; what is not
    /// positive counts as not measured.
    ///
    /// # Panics
    /// If there are not as many figures, or more than [`MOST_FACTORS`] factors.
    pub fn new(factors: usize, figures: &[Option<f64>]) -> Self {
        assert!(factors <= MOST_FACTORS, "a factorial of {factors} factors is too large");
        assert_eq!(figures.len(), 1 << factors, "every set has a figure or lacks one");
        let positive = |figure: &Option<f64>| figure.filter(|figure| *figure > 0.0).map(libm::log);
        let logs: Vec<Option<f64>> = figures.iter().map(positive).collect();
        let runs = || (0..logs.len()).filter(|&set| logs[set].is_some());
        let floor = runs().reduce(|all, set| all & set).unwrap_or(0);
        let roof = runs().fold(0, |any, set| any | set);
        let mut factorial =
            Self { factors, logs, floor, roof, orders_to: Vec::new(), orders_from: Vec::new() };
        factorial.count_orders();
        factorial
    }

    fn count_orders(&mut self) {
        let sets = self.logs.len();
        let start = |at: usize, set: usize| f64::from(at == set && self.logs[set].is_some());
        let mut to: Vec<f64> = (0..sets).map(|set| start(self.floor, set)).collect();
        let mut from: Vec<f64> = (0..sets).map(|set| start(self.roof, set)).collect();
        // A set's subsets have smaller masks than it has.
        for set in 0..sets {
            for (with, factor) in self.steps(set) {
                debug_assert_eq!(with, set | 1 << factor);
                to[with] += to[set];
            }
        }
        for set in (0..sets).rev() {
            from[set] += self.steps(set).map(|(with, _)| from[with]).sum::<f64>();
        }
        (self.orders_to, self.orders_from) = (to, from);
    }

    /// The sets with one factor more than `set`, and which; none if `set` has no figure.
    fn steps(&self, set: usize) -> impl Iterator<Item = (usize, usize)> + use<'_> {
        let absent = (0..self.factors).filter(move |factor| set & 1 << factor == 0);
        let with = absent.map(move |factor| (set | 1 << factor, factor));
        with.filter(move |&(with, _)| self.logs[set].is_some() && self.logs[with].is_some())
    }

    /// The factors without which nothing runs.
    pub fn floor(&self) -> usize {
        self.floor
    }

    /// The factors with which anything runs.
    pub fn roof(&self) -> usize {
        self.roof
    }

    /// The set with the highest figure; the first of equals.
    pub fn best(&self) -> Option<usize> {
        let known = (0..self.logs.len()).filter(|&set| self.logs[set].is_some());
        known.reduce(|best, set| if self.logs[set] > self.logs[best] { set } else { best })
    }

    /// Whether a factor is free: some sets run with it, and some without.
    pub fn is_free(&self, factor: usize) -> bool {
        (self.roof & !self.floor) & 1 << factor != 0
    }

    /// Orders in which the free factors can be added one by one so that every step runs.
    pub fn orders(&self) -> f64 {
        self.orders_to[self.roof]
    }

    /// The figure of `set`.
    pub fn figure(&self, set: usize) -> Option<f64> {
        self.logs[set].map(libm::exp)
    }

    /// The value of `contrast` here.
    pub fn value(&self, contrast: &Contrast) -> Option<f64> {
        contrast.value(&self.logs)
    }

    /// The roof over the floor.
    pub fn joint(&self) -> Contrast {
        Contrast::of(self.roof, self.floor)
    }

    /// The floor and `factor` over the floor.
    pub fn alone(&self, factor: usize) -> Contrast {
        Contrast::of(self.floor | 1 << factor, self.floor)
    }

    /// The roof over the roof without `factor`.
    pub fn last(&self, factor: usize) -> Contrast {
        self.roof_over_roof_without(1 << factor)
    }

    /// The roof over the roof without the factors of `set`.
    pub fn roof_over_roof_without(&self, set: usize) -> Contrast {
        Contrast::of(self.roof, self.roof & !set)
    }

    /// What `factor` adds when it comes, on average over the orders all of whose steps run; `None`
    /// if there are none. Over all free factors these sum to [`joint`](Self::joint).
    ///
    /// Source: Shapley, "A value for n-person games", 1953; for the orders that remain where some
    /// sets do not run, Faigle and Kern, Int. J. Game Theory 21, 1992.
    pub fn shapley(&self, factor: usize) -> Option<Contrast> {
        let orders = self.orders();
        if orders == 0.0 {
            return None;
        }
        let mut weights = vec![0.0; self.logs.len()];
        for set in 0..self.logs.len() {
            for (with, _) in self.steps(set).filter(|&(_, added)| added == factor) {
                let weight = self.orders_to[set] * self.orders_from[with] / orders;
                weights[with] += weight;
                weights[set] -= weight;
            }
        }
        let counts = weights.into_iter().enumerate().filter(|&(_, weight)| weight != 0.0);
        Some(Contrast(counts.collect()))
    }

    /// Both of two factors over the product of each, among none of the others.
    pub fn pair_alone(&self, one: usize, other: usize) -> Contrast {
        pair_at(self.floor, one, other)
    }

    /// The same on average over all sets of the others where all four run; `None` if none does.
    pub fn pair_mean(&self, one: usize, other: usize) -> Option<Contrast> {
        let both = 1 << one | 1 << other;
        let between = |set: &usize| set & self.floor == self.floor && set & !self.roof == 0;
        let others = (0..self.logs.len()).filter(between).filter(|set| set & both == 0);
        let pairs: Vec<Contrast> = others
            .map(|set| pair_at(set, one, other))
            .filter(|pair| self.value(pair).is_some())
            .collect();
        let share = 1.0 / pairs.len() as f64;
        let counts = pairs.into_iter().flat_map(|pair| pair.0);
        let counts: Vec<_> = counts.map(|(set, weight)| (set, weight * share)).collect();
        (!counts.is_empty()).then_some(Contrast(counts))
    }
}

/// Both of two factors over the product of each, in the presence of `set`.
fn pair_at(set: usize, one: usize, other: usize) -> Contrast {
    let (one, other) = (1 << one, 1 << other);
    let (both, neither) = (set | one | other, set);
    Contrast(vec![(both, 1.0), (set | one, -1.0), (set | other, -1.0), (neither, 1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shapley(factorial: &Factorial) -> Vec<f64> {
        let value = |factor| factorial.value(&factorial.shapley(factor)?);
        (0..factorial.factors).map(|factor| value(factor).unwrap_or(f64::NAN)).collect()
    }

    #[test]
    fn two_factors_by_hand() {
        // Alone ×2 and ×3, together ×9: half of the surplus of ×1.5 goes to each.
        let factorial = Factorial::new(2, &[1.0, 2.0, 3.0, 9.0].map(Some));
        let root = libm::sqrt(1.5);
        let found = shapley(&factorial);
        assert!((libm::exp(found[0]) - 2.0 * root).abs() < 1e-12);
        assert!((libm::exp(found[1]) - 3.0 * root).abs() < 1e-12);
        let ratio = |contrast: &Contrast| libm::exp(factorial.value(contrast).unwrap());
        assert!((ratio(&factorial.alone(0)) - 2.0).abs() < 1e-12);
        assert!((ratio(&factorial.last(0)) - 3.0).abs() < 1e-12);
        assert!((ratio(&factorial.pair_alone(0, 1)) - 1.5).abs() < 1e-12);
        assert!((ratio(&factorial.pair_mean(0, 1).unwrap()) - 1.5).abs() < 1e-12);
        assert!((ratio(&factorial.joint()) - 9.0).abs() < 1e-12);
    }

    #[test]
    fn what_nothing_runs_without_is_no_gain_but_the_floor() {
        // The second factor is needed; the first doubles what runs.
        let factorial = Factorial::new(2, &[None, None, Some(5.0), Some(10.0)]);
        assert_eq!((factorial.floor(), factorial.roof()), (0b10, 0b11));
        assert!(factorial.is_free(0) && !factorial.is_free(1));
        assert!((factorial.value(&factorial.joint()).unwrap() - libm::log(2.0)).abs() < 1e-12);
        assert!((shapley(&factorial)[0] - libm::log(2.0)).abs() < 1e-12);
    }

    #[test]
    fn orders_through_what_does_not_run_do_not_count() {
        // Without one of two the third cannot be: of six orders, four are left.
        let mut figures = [1.0, 2.0, 2.0, 4.0, 0.0, 6.0, 6.0, 12.0].map(Some);
        figures[0b100] = None;
        let factorial = Factorial::new(3, &figures);
        assert!((factorial.orders() - 4.0).abs() < 1e-12);
        assert_eq!(factorial.value(&factorial.alone(2)), None);
        let sum: f64 = shapley(&factorial).iter().sum();
        assert!((sum - libm::log(12.0)).abs() < 1e-12);
    }

    #[test]
    fn nothing_that_runs_has_no_gains() {
        let factorial = Factorial::new(2, &[None; 4]);
        assert_eq!(factorial.value(&factorial.joint()), None);
        assert_eq!(factorial.shapley(0), None);
        assert_eq!(factorial.pair_mean(0, 1), None);
    }

    #[test]
    fn every_order_counts_where_everything_runs() {
        let factorial = Factorial::new(5, &[Some(1.0); 32]);
        assert!((factorial.orders() - 120.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn shapley_values_sum_to_the_joint_gain(
            figures in prop::collection::vec(prop::option::weighted(0.8, 0.1..10.0f64), 16),
        ) {
            let factorial = Factorial::new(4, &figures);
            let free: Vec<f64> =
                shapley(&factorial).into_iter().filter(|value| !value.is_nan()).collect();
            let sum: f64 = free.iter().sum();
            match factorial.value(&factorial.joint()) {
                Some(joint) if factorial.orders() > 0.0 => prop_assert!((sum - joint).abs() < 1e-9),
                _ => prop_assert!(free.is_empty()),
            }
        }

        #[test]
        fn equal_factors_have_equal_values_and_idle_ones_none(
            by_count in prop::collection::vec(0.1..10.0f64, 4),
        ) {
            // Three factors of which only the number counts, and one that does nothing.
            let figure = |set: usize| Some(by_count[(set & 0b111).count_ones() as usize]);
            let figures: Vec<_> = (0..16).map(figure).collect();
            let found = shapley(&Factorial::new(4, &figures));
            prop_assert!((found[0] - found[1]).abs() < 1e-9 && (found[1] - found[2]).abs() < 1e-9);
            prop_assert!(found[3].abs() < 1e-12);
        }
    }
}
