//! Interpolation among measured rows.

use crate::fidelity::fit::solve::weighted_plane;

/// Rows of a table where their sizes are, by the logarithm.
pub(super) struct Places(Vec<Vec<f64>>);

/// A row near a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Neighbour {
    row: usize,
    distance: f64,
}

/// How rows near by are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// How many of the nearest.
    neighbours: usize,
    /// By a plane through them, not by their mean.
    slopes: bool,
}

/// Of a size that is 0, which stands for none: farther than any other.
const NO_LIMIT: f64 = 22.0;

impl Way {
    /// Those that are tried, and the most neighbours of them.
    pub(super) const ALL: [Self; 8] = [
        Self { neighbours: 8, slopes: false },
        Self { neighbours: 16, slopes: false },
        Self { neighbours: 32, slopes: false },
        Self { neighbours: 64, slopes: false },
        Self { neighbours: 8, slopes: true },
        Self { neighbours: 16, slopes: true },
        Self { neighbours: 32, slopes: true },
        Self { neighbours: Self::MOST, slopes: true },
    ];
    const MOST: usize = 64;
}

impl Places {
    /// The places of rows of these `sizes`.
    pub(super) fn of<'a>(sizes: impl Iterator<Item = &'a [u32]>) -> Self {
        Self(sizes.map(place).collect())
    }

    /// The rows nearest to one of `sizes`, nearest first, among those that `counts`.
    pub(super) fn nearest(&self, sizes: &[u32], counts: impl Fn(usize) -> bool) -> Vec<Neighbour> {
        let at = place(sizes);
        let far = |row: usize| {
            let squares = self.0[row].iter().zip(&at).map(|(a, b)| (a - b) * (a - b));
            Neighbour { row, distance: libm::sqrt(squares.sum()) }
        };
        let mut near: Vec<Neighbour> =
            (0..self.0.len()).filter(|&row| counts(row)).map(far).collect();
        // Ties by the table's order: the same rows whatever the machine.
        let order = |a: &Neighbour, b: &Neighbour| {
            a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row))
        };
        if near.len() > Way::MOST {
            near.select_nth_unstable_by(Way::MOST, order);
            near.truncate(Way::MOST);
        }
        near.sort_unstable_by(order);
        near
    }

    /// What `values`, one a row, say of `sizes` that have `near`: moving least squares (Lancaster
    /// and Salkauskas, Mathematics of Computation 37, 1981) with the weights of Franke and Little,
    /// ((R−d)/(R d))², R the farthest neighbour's distance. Rows of these very sizes say it alone.
    pub(super) fn value(
        &self,
        sizes: &[u32],
        near: &[Neighbour],
        way: Way,
        values: &[f64],
    ) -> Option<f64> {
        let near = &near[..near.len().min(way.neighbours)];
        let radius = near.last()?.distance * (1.0 + 1e-4);
        if near[0].distance <= 0.0 {
            let same = near.iter().take_while(|known| known.distance <= 0.0);
            let same: Vec<f64> = same.map(|known| values[known.row]).collect();
            return Some(same.iter().sum::<f64>() / same.len() as f64);
        }
        let at = place(sizes);
        let rows = near.iter().map(|known| {
            let weight = (radius - known.distance) / (radius * known.distance);
            let steps = self.0[known.row].iter().zip(&at).map(|(a, b)| a - b);
            let steps = if way.slopes { steps.collect() } else { Vec::new() };
            (weight * weight, steps, values[known.row])
        });
        Some(weighted_plane(&rows.collect::<Vec<_>>()))
    }
}

fn place(sizes: &[u32]) -> Vec<f64> {
    let log = |&size: &u32| if size == 0 { NO_LIMIT } else { libm::log(f64::from(size)) };
    sizes.iter().map(log).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(rows: &[[u32; 2]], values: &[f64], at: [u32; 2], way: Way) -> f64 {
        let places = Places::of(rows.iter().map(<[u32; 2]>::as_slice));
        let near = places.nearest(&at, |_| true);
        places.value(&at, &near, way, values).expect("there are rows")
    }

    proptest! {
        #[test]
        fn a_row_says_its_own_value(
            rows in prop::collection::btree_map(any::<[u16; 2]>(), -9.0..9.0_f64, 1..90),
            way in 0..Way::ALL.len(),
        ) {
            let sizes: Vec<[u32; 2]> = rows.keys().map(|row| row.map(u32::from)).collect();
            let values: Vec<f64> = rows.values().copied().collect();
            for (row, value) in sizes.iter().zip(&values) {
                let said = said(&sizes, &values, *row, Way::ALL[way]);
                prop_assert_eq!(said.to_bits(), value.to_bits());
            }
        }

        #[test]
        fn means_stay_between_their_rows(
            rows in prop::collection::vec((any::<[u16; 2]>(), -9.0..9.0_f64), 1..90),
            at: [u16; 2],
        ) {
            let sizes: Vec<[u32; 2]> = rows.iter().map(|row| row.0.map(u32::from)).collect();
            let values: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| {
                (low.min(value), high.max(value))
            });
            for way in Way::ALL.into_iter().filter(|way| !way.slopes) {
                let value = said(&sizes, &values, at.map(u32::from), way);
                prop_assert!(value >= low - 1e-9 && value <= high + 1e-9, "{value}");
            }
        }
    }

    #[test]
    fn planes_carry_on_where_means_stop() {
        // A time that grows with the product of both sizes, asked for beyond the grid.
        let grid: Vec<[u32; 2]> = (0..25).map(|i| [1 << (i % 5), 1 << (i / 5)]).collect();
        let value = |row: &[u32; 2]| libm::log(f64::from(row[0] * row[1]));
        let values: Vec<f64> = grid.iter().map(value).collect();
        let off = |way| (said(&grid, &values, [64, 8], way) - value(&[64, 8])).abs();
        let [mean, plane] = [false, true].map(|slopes| off(Way { neighbours: 16, slopes }));
        assert!(plane < 0.05 && mean > 0.5, "{plane} {mean}");
    }
}
