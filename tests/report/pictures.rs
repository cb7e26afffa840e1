//! The charts as pictures: every chart has one, SVG is well-formed, PNG has its size, nothing is
//! clipped, and neither needs a browser.

use std::collections::BTreeSet;

use memwall::report::{Picture, WallReport, render_wall_page, wall_pictures};
use serde_json::Value;
use tiny_skia::Pixmap;

use super::sample::{hostile, sample};

/// The figures that the page of `report` gives to its script.
fn figures_on_page(report: &WallReport) -> Value {
    let page = render_wall_page(report);
    let (_, rest) = page.split_once("id=\"figures\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn every_chart_of_the_page_is_a_picture_of_a_stable_name() {
    let report = sample();
    let mut expected = BTreeSet::new();
    for (id, figure) in figures_on_page(&report).as_object().unwrap() {
        match figure {
            Value::Null => {}
            Value::Array(choices) => {
                expected.extend(choices.iter().map(|choice| {
                    let chip = choice["chip"].as_str().unwrap();
                    format!("{id}-{}", chip.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
                }));
            }
            _ => _ = expected.insert(id.clone()),
        }
    }
    let pictures = wall_pictures(&report);
    let names: BTreeSet<String> = pictures.iter().map(|picture| picture.name.clone()).collect();
    assert_eq!(names, expected);
    assert_eq!(names.len(), pictures.len(), "no two have the same name");
    for name in ["ladder", "megawatt", "shares", "levers", "frontier", "turns-h100-sxm"] {
        assert!(names.contains(name), "{name} is documented");
    }
    assert!(wall_pictures(&WallReport::default()).is_empty());
}

#[test]
fn svg_is_well_formed_whatever_chips_are_called() {
    for picture in wall_pictures(&sample()).iter().chain(&wall_pictures(&hostile())) {
        assert_well_formed(&picture.svg());
    }
}

/// Asserts that elements nest, attributes are quoted, and `&` and `<` occur as markup only.
#[track_caller]
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("a tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for part in [tag, text] {
            for (place, _) in part.match_indices('&') {
                let entity = &part[place..];
                let known = ["&amp;", "&lt;", "&gt;", "&quot;"];
                assert!(known.iter().any(|known| entity.starts_with(known)), "{entity}");
            }
        }
        let name = tag.trim_matches('/').split_whitespace().next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} stay open");
}

#[test]
fn png_is_twice_as_fine_and_not_empty() {
    for picture in wall_pictures(&sample()) {
        let pixels = Pixmap::decode_png(&picture.png()).unwrap();
        let (width, height) = picture.size();
        let fine = [width, height].map(|side| (2.0 * side) as u32);
        assert_eq!([pixels.width(), pixels.height()], fine, "{}", picture.name);
        let colours: BTreeSet<[u8; 3]> = pixels
            .pixels()
            .iter()
            .map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
            .collect();
        assert!(colours.len() > 50, "{} has {} colours", picture.name, colours.len());
    }
}

#[test]
fn no_text_is_clipped_by_the_paper() {
    for picture in wall_pictures(&sample()) {
        assert_texts_fit(&picture);
    }
}

#[track_caller]
fn assert_texts_fit(picture: &Picture) {
    let (width, height) = picture.size();
    let svg = picture.svg();
    let mut texts = 0;
    for tag in svg.split("<text ").skip(1) {
        let value = |name: &str| -> f64 {
            let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        let (x, y, length) = (value("x"), value("y"), value("textLength"));
        let shift = if tag.contains("\"end\"") {
            -length
        } else if tag.contains("\"middle\"") {
            -length / 2.0
        } else {
            0.0
        };
        // Text that is read upward begins below its middle.
        let (at, end) = if tag.contains("rotate") { (y, height) } else { (x, width) };
        let (from, to) = (at + shift, at + shift + length);
        assert!(from >= 0.0 && to <= end, "{}: {tag:.160}", picture.name);
        assert!(y > 0.0 && y < height);
        texts += 1;
    }
    assert!(texts > 5, "{}", picture.name);
}
