//! The letters of pictures: how wide they are, and their outlines.
//!
//! The fonts are those that the `epaint_default_fonts` crate ships, so that pictures look alike on
//! machines without any.

use std::sync::OnceLock;

use ttf_parser::{Face as Font, GlyphId, OutlineBuilder};

/// What a letter is drawn with.
pub(in crate::report::page::drawing) struct Letter {
    pub(in crate::report::page::drawing) font: &'static Font<'static>,
    pub(in crate::report::page::drawing) glyph: GlyphId,
    /// How far the next letter is away, in parts of the size.
    pub(in crate::report::page::drawing) advance: f64,
    /// From the font's units to parts of the size.
    pub(in crate::report::page::drawing) scale: f64,
}

/// A font for text, and one with the signs that it lacks.
fn fonts() -> &'static [Font<'static>; 2] {
    static FONTS: OnceLock<[Font<'static>; 2]> = OnceLock::new();
    FONTS.get_or_init(|| {
        [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR]
            .map(|bytes| Font::parse(bytes, 0).expect("the font is whole"))
    })
}

/// How `sign` is drawn; as a box if no font has it.
pub(in crate::report::page::drawing) fn letter(sign: char) -> Letter {
    let fonts = fonts();
    let known = fonts.iter().find_map(|font| Some((font, font.glyph_index(sign)?)));
    let (font, glyph) = known.unwrap_or((&fonts[0], GlyphId(0)));
    let scale = 1.0 / f64::from(font.units_per_em());
    let advance = f64::from(font.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
    Letter { font, glyph, advance, scale }
}

/// How wide `text` is in letters of `size` pixels.
pub(in crate::report::page::drawing) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|sign| letter(sign).advance).sum::<f64>() * size
}

impl Letter {
    /// Gives its outline to `builder`, in the font's units, upward.
    pub(in crate::report::page::drawing) fn outline(&self, builder: &mut dyn OutlineBuilder) {
        // A space has none.
        let _ = self.font.outline_glyph(self.glyph, builder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_wide_as_its_letters() {
        assert!(width("HBM bandwidth", 13.0) > 60.0);
        assert!((width("ab", 20.0) - width("a", 20.0) - width("b", 20.0)).abs() < 1e-9);
        assert!((width("ab", 20.0) - 2.0 * width("ab", 10.0)).abs() < 1e-9);
    }

    #[test]
    fn every_sign_that_reports_use_can_be_drawn() {
        for sign in "×–−≤±·… %µΣ²→äé\u{a0}".chars() {
            assert_ne!(letter(sign).glyph, GlyphId(0), "`{sign}`");
        }
    }
}
