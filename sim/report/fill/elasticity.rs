//! Elasticities of a row, from slopes.

use crate::hardware::Resource;
use crate::insight::{self, Lever};
use crate::report::{Elasticity, Slope, WallRow};

/// Gives `row` the slope of each lever; what has none stays null.
pub fn fill_elasticity(
    row: &mut WallRow,
    slopes: impl Iterator<Item = (Lever, Option<insight::Slope>)>,
) {
    for (lever, slope) in slopes {
        let Some(insight::Slope { value, error }) = slope else { continue };
        match (place(&mut row.elasticity, lever), place(&mut row.elasticity_error, lever)) {
            (Some(of_value), Some(of_error)) => {
                (*of_value, *of_error) = (Some(value), error);
            }
            _ => {
                row.elasticity_further.insert(lever.key(), Slope { value, error });
            }
        }
    }
}

/// Where `lever` stands among the keys that every row has.
fn place(by: &mut Elasticity, lever: Lever) -> Option<&mut Option<f64>> {
    match lever {
        Lever::Resource(Resource::HbmBandwidth) => Some(&mut by.hbm_bandwidth),
        Lever::Resource(Resource::HbmCapacity) => Some(&mut by.hbm_capacity),
        Lever::Resource(Resource::Compute) => Some(&mut by.compute),
        Lever::Resource(Resource::Interconnect) => Some(&mut by.interconnect),
        Lever::Host => Some(&mut by.host),
        Lever::Engine(_) | Lever::Together(_) => None,
    }
}
