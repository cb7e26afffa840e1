//! Markers.

use std::f64::consts::PI;

use super::ink::{Colour, PAPER, Scene, Shape};

/// Draws the marker `symbol` of a diameter of `size` pixels.
pub(super) fn mark(scene: &mut Scene, symbol: &str, (x, y): (f64, f64), size: f64, colour: Colour) {
    let radius = size / 2.0;
    let (shape, is_open) = match symbol.strip_suffix("-open") {
        Some(shape) => (shape, true),
        None => (symbol, false),
    };
    let place = |corners: Vec<(f64, f64)>| -> Vec<(f64, f64)> {
        corners.into_iter().map(|(dx, dy)| (x + dx * radius, y + dy * radius)).collect()
    };
    let Some(corners) = corners(shape) else {
        scene.shapes.push(Shape::Disc((x, y), radius, colour));
        if is_open {
            scene.shapes.push(Shape::Disc((x, y), radius - 1.5, PAPER));
        }
        return;
    };
    let corners = place(corners);
    if is_open {
        let mut outline = corners.clone();
        outline.push(corners[0]);
        scene.area(corners, PAPER);
        scene.line(outline, colour, 1.5);
    } else {
        scene.area(corners, colour);
    }
}

/// The corners of a shape around the origin; none for a circle. Areas are about equal.
fn corners(shape: &str) -> Option<Vec<(f64, f64)>> {
    Some(match shape {
        "square" => vec![(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)],
        "diamond" => vec![(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        "triangle-up" => vec![(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        "cross" => {
            let (arm, reach) = (0.4, 1.15);
            vec![
                (-arm, -reach),
                (arm, -reach),
                (arm, -arm),
                (reach, -arm),
                (reach, arm),
                (arm, arm),
                (arm, reach),
                (-arm, reach),
                (-arm, arm),
                (-reach, arm),
                (-reach, -arm),
                (-arm, -arm),
            ]
        }
        "hexagon" => around(6, |_| 1.1),
        "star" => around(10, |place| if place % 2 == 0 { 1.35 } else { 0.6 }),
        _ => return None,
    })
}

/// `count` corners around the origin, the first on top.
fn around(count: usize, radius: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
    (0..count)
        .map(|place| {
            let angle = 2.0 * PI * place as f64 / count as f64;
            (libm::sin(angle) * radius(place), -libm::cos(angle) * radius(place))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_differ_in_shape_and_open_ones_show_the_paper() {
        let shapes = |symbol: &str| {
            let mut scene = Scene::default();
            mark(&mut scene, symbol, (10.0, 10.0), 8.0, Colour([1, 2, 3, 255]));
            scene.shapes
        };
        assert!(matches!(shapes("circle")[..], [Shape::Disc(..)]));
        assert!(matches!(shapes("circle-open")[1], Shape::Disc(_, _, PAPER)));
        assert_ne!(shapes("square"), shapes("diamond"));
        assert_ne!(shapes("star"), shapes("hexagon"));
    }
}
