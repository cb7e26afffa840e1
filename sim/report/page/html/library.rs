//! plotly.js, small enough to ride in every page.

use std::io::Write;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Level 4 takes half the time of level 6 for a file that is 4 % larger.
const LEVEL: u32 = 4;

/// plotly.js, gzipped, in base64. Made once a process.
pub(super) fn packed_plotly() -> &'static str {
    static PACKED: OnceLock<String> = OnceLock::new();
    PACKED.get_or_init(|| BASE64_STANDARD.encode(gzip(plotly_js(&embedded_sources()).as_bytes())))
}

fn embedded_sources() -> String {
    plotly::Plot::offline_js_sources()
}

/// The first script of the crate's sources; the second, `MathJax`, has no use here.
fn plotly_js(sources: &str) -> &str {
    let (_, after) = sources.split_once("<script type=\"text/javascript\">").expect("a script tag");
    let (script, _) = after.split_once("</script>").expect("the script's end");
    script
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
    encoder.write_all(bytes).expect("a Vec takes every write");
    encoder.finish().expect("a Vec takes every write")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn plotly_comes_alone_and_whole() {
        let sources = embedded_sources();
        let script = plotly_js(&sources);
        assert!(script.contains("plotly.js v"));
        assert!(!script.contains("MathJax={"));
        assert!(script.trim_end().ends_with("}));"), "the script is cut");
    }

    #[test]
    fn what_is_packed_unpacks() {
        let packed = gzip(b"abc");
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");
    }
}
