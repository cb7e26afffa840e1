//! The page as text.

use memwall::report::{
    WallReport, ablate_pictures, render_ablate_page, render_wall_page, render_wall_table,
    wall_pictures,
};

use super::sample::{hostile, sample, studied};

#[test]
fn the_page_is_small_and_fetches_nothing() {
    let page = render_wall_page(&sample());
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("https://example.org/datasheet.pdf"), "sources stay as text");
    let markup = page.split("id=\"document\"").next().unwrap();
    for attribute in [" src=", " href=", "url(", "@import", "<link", "<iframe", "<img"] {
        assert!(!markup.contains(attribute), "{attribute}");
    }
    assert_eq!(page, render_wall_page(&sample()), "equal reports, equal pages");
}

#[test]
fn an_empty_ladder_is_still_a_page_and_a_table() {
    let empty = WallReport::default();
    assert!(render_wall_page(&empty).contains("<main>"));
    assert!(!render_wall_table(&empty.document, 80).contains("Chip"));
}

#[test]
fn hostile_names_stay_text() {
    let page = render_wall_page(&hostile());
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 4, "one a script element");
    assert!(!render_wall_table(&hostile().document, 120).contains('\u{1b}'));
}

#[test]
fn a_study_stands_on_a_page_of_its_own_and_on_the_walls() {
    let own = render_ablate_page(&studied());
    let report = sample();
    let mut without = sample();
    without.document.ablation = None;
    assert!(!render_wall_page(&without).contains("What each technique gains"));
    let wall = render_wall_page(&report);
    for page in [&own, &wall] {
        for words in [
            "What each technique gains",
            "On H100 SXM: Together they take 10 output tokens/s per GPU to 24: 2.4× ±4\u{a0}%.",
            "they overlap: what one gains, another cannot",
            "says 3–8× together, which is more than they gain here",
            "kv-precision with bigger-batches 0.8× ±2\u{a0}%",
        ] {
            assert!(page.contains(words), "{words}");
        }
    }
    let names = |of: Vec<memwall::report::Picture>| -> Vec<String> {
        of.into_iter().map(|picture| picture.name).collect()
    };
    let pictures = names(ablate_pictures(&studied()));
    assert_eq!(pictures, ["techniques-h100-sxm", "pairs-h100-sxm"]);
    let on_wall = names(wall_pictures(&report));
    assert!(pictures.iter().all(|name| on_wall.contains(name)), "{on_wall:?}");
}

/// Bands stand under the numbers of the table, and errors beside elasticities.
#[test]
fn numbers_have_their_bands_beside_them() {
    let mut report = sample();
    let band = memwall::report::Band { low: Some(0.31), high: Some(0.52) };
    report.document.rows[0].bands.insert("time_share.compute", band);
    report.document.rows[0].bands.insert("ttft_ms_p99", band);
    let page = render_wall_page(&report);
    assert!(page.contains("31\u{a0}% to 52\u{a0}%") && page.contains(">0.31–0.52<"));
    assert!(page.contains("± 0.03"), "an elasticity has its error");
    assert!(page.contains("What each number rests on"));
}
