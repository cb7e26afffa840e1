//! The page as text.

use memwall::report::{WallReport, render_wall_page, render_wall_table};

use super::sample::{hostile, sample};

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
