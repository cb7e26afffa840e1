//! The page in headless Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use memwall::report::{WallReport, render_ablate_page, render_wall_page};

use super::sample::{hostile, sample, studied};

/// What headless Chromium made of a page: the document after its scripts ran, and the log.
struct Visit {
    dom: String,
    log: String,
}

/// Opens the page of `report`; none where the environment says that there is no browser.
fn visit(report: &WallReport, name: &str) -> Option<Visit> {
    open(&render_wall_page(report), name)
}

fn open(html: &str, name: &str) -> Option<Visit> {
    let output = browse(html, name, &["--dump-dom".into()])?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Visit { dom: text(&output.stdout), log: text(&output.stderr) })
}

/// The folder of the visit `name`.
fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"))
}

/// Opens a page with these further flags; not where the environment says there is no browser.
fn browse(html: &str, name: &str, flags: &[String]) -> Option<Output> {
    if std::env::var_os("MEMWALL_NO_BROWSER").is_some() {
        return None;
    }
    let folder = folder_of(name);
    // What an earlier run left, a locked profile above all, must not matter.
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    let page = folder.join("wall.html");
    fs::write(&page, html).unwrap();
    let output = Command::new(chromium())
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=10000",
        ])
        .args(flags)
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Some(output)
}

fn chromium() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
        .expect(
            "this test needs a browser: `apt-get install chromium`, or set MEMWALL_NO_BROWSER=1 \
             to go without",
        )
}

fn assert_drawn(visit: &Visit, charts: usize) {
    let root = visit.dom.split('>').nth(1).unwrap_or_default();
    assert!(root.contains("data-ready=\"true\""), "{root}\n{}", visit.log);
    assert!(!root.contains("data-error"), "{root}");
    assert!(root.contains(&format!("data-charts=\"{charts}\"")), "{root}");
    assert!(visit.dom.matches("class=\"main-svg\"").count() >= charts);
    for word in ["CONSOLE", "Uncaught"] {
        assert!(!visit.log.contains(word), "{}", visit.log);
    }
}

#[test]
fn a_browser_draws_every_chart_without_complaint() {
    let Some(visit) = visit(&sample(), "sample") else { return };
    assert_drawn(&visit, 14);
    for text in [
        "does not fit",
        "Whole task",
        "HBM bandwidth",
        "gate_up",
        "output tokens/s per facility MW",
    ] {
        assert!(visit.dom.contains(text), "{text}");
    }
}

#[test]
fn a_browser_shows_hostile_names_letter_by_letter() {
    let Some(visit) = visit(&hostile(), "hostile") else { return };
    assert_drawn(&visit, 14);
    let body = visit.dom.split("<body").nth(1).unwrap();
    for element in ["<img", "<a ", "onerror=\"", "xlink:href=\"javascript"] {
        assert!(!body.contains(element), "a name became {element}");
    }
}

#[test]
fn a_browser_takes_an_empty_ladder() {
    let Some(visit) = visit(&WallReport::default(), "empty") else { return };
    assert_drawn(&visit, 0);
}

/// Works the selectors and a download as a reader would, once the charts stand.
const READER: &str = r#"<script>
    const root = document.documentElement;
    const read = () => {
        if (root.dataset.ready !== "true" || root.dataset.shown) return;
        const choices = [["roofline-chip", 2], ["turns-chip", 1], ["provenance-chip", 3]];
        for (const [id, index] of choices) {
            const select = document.getElementById(id);
            select.selectedIndex = index;
            select.dispatchEvent(new Event("change"));
        }
        const rows = [...document.querySelectorAll('#provenance tbody tr')];
        URL.createObjectURL = (blob) => {
            blob.text().then((text) => { root.dataset.csv = text; });
            return "data:,";
        };
        document.getElementById("levers-csv").click();
        root.dataset.shown = rows.filter((row) => !row.hidden).map((row) => row.dataset.chip);
    };
    new MutationObserver(read).observe(root, { attributes: true });
    read();
</script></body>"#;

#[test]
fn a_browser_follows_selectors_and_saves_numbers() {
    let page = render_wall_page(&sample()).replace("</body>", READER);
    let Some(visit) = open(&page, "reader") else { return };
    assert_drawn(&visit, 14);
    assert!(visit.dom.contains(">ridge at 1125 FLOP/byte<"), "the third chip's roofline");
    // Attributes escape quotes.
    let csv = visit.dom.split("data-csv=").nth(1).unwrap_or_default().replace("&quot;", "\"");
    assert!(csv.contains("\"series\",\"gain in output tokens/s per GPU, %\""), "{csv:.300}");
    assert!(csv.contains("\"low (one standard error)\",\"high (one"), "{csv:.300}");
    assert!(csv.contains("\"HBM bandwidth\",\"4.8"), "{csv:.300}");
    assert!(csv.contains("H100 SXM"), "{csv:.300}");
    let chip = "b200-sxm--hgx-";
    assert!(visit.dom.contains(&format!("data-shown=\"{}\"", [chip; 4].join(","))), "its sources");
}

/// Says how much wider the page is than its window, once the charts stand.
const MEASURER: &str = r#"<script>
    const root = document.documentElement;
    const measure = () => {
        if (root.dataset.ready !== "true" || root.dataset.over) return;
        root.dataset.over = root.scrollWidth - root.clientWidth;
        root.dataset.wide = root.clientWidth;
    };
    new MutationObserver(measure).observe(root, { attributes: true });
    measure();
</script></body>"#;

#[test]
fn nothing_is_wider_than_a_phone() {
    let page = render_wall_page(&sample()).replace("</body>", MEASURER);
    let flags = ["--window-size=390,844", "--hide-scrollbars", "--dump-dom"].map(String::from);
    let Some(output) = browse(&page, "phone", &flags) else { return };
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let root = dom.split('>').nth(1).unwrap_or_default();
    assert!(root.contains("data-over=\"0\""), "{root}");
    let (_, wide) = root.split_once("data-wide=\"").unwrap();
    let wide: u32 = wide.split('"').next().unwrap().parse().unwrap();
    assert!(wide <= 600, "the window is narrow: {wide}");
}

#[test]
fn paper_takes_two_charts_a_sheet_and_wide_tables_across() {
    let sheet = folder_of("paper").join("page.pdf");
    let flags = [format!("--print-to-pdf={}", sheet.display()), "--no-pdf-header-footer".into()];
    if browse(&render_wall_page(&sample()), "paper", &flags).is_none() {
        return;
    }
    let pdf = String::from_utf8_lossy(&fs::read(&sheet).unwrap()).into_owned();
    let pages = pdf.matches("/Type /Page\n").count();
    assert!((8..=20).contains(&pages), "{pages} pages for fourteen charts and their tables");
    let boxes = pdf.split("/MediaBox [").skip(1).map(|rest| rest.split(']').next().unwrap());
    let sides = boxes.map(|numbers| {
        let ends: Vec<f64> = numbers.split_whitespace().map(|side| side.parse().unwrap()).collect();
        (ends[2], ends[3])
    });
    let (across, upright): (Vec<_>, Vec<_>) = sides.partition(|(width, height)| width > height);
    assert!(!across.is_empty() && upright.len() >= 5, "{} and {}", across.len(), upright.len());
}

#[test]
fn a_browser_draws_a_study_of_techniques() {
    let Some(visit) = open(&render_ablate_page(&studied()), "study") else { return };
    assert_drawn(&visit, 2);
    for text in ["all together", "said to gain alone", "times the output tokens/s per GPU"] {
        assert!(visit.dom.contains(text), "{text}");
    }
}

/// Keeps the numbers of a chart, once the charts stand.
const KEEPER: &str = r#"<script>
    const root = document.documentElement;
    const keep = () => {
        if (root.dataset.ready !== "true" || root.dataset.kept) return;
        root.dataset.kept = "true";
        const blobs = [];
        URL.createObjectURL = (blob) => { blobs.push(blob); return "data:,"; };
        for (const id of ["techniques", "ladder", "shares", "context", "life"]) {
            document.getElementById(id + "-csv").click();
        }
        Promise.all(blobs.map((blob) => blob.text())).then((texts) => {
            root.dataset.csv = texts.join("@@");
        });
    };
    new MutationObserver(keep).observe(root, { attributes: true });
    keep();
</script></body>"#;

/// Every chart's numbers come with the names of their places and with their ranges.
#[test]
fn saved_numbers_have_their_ranges() {
    let page = render_wall_page(&sample()).replace("</body>", KEEPER);
    let Some(visit) = open(&page, "keeper") else { return };
    let csv = visit.dom.split("data-csv=\"").nth(1).unwrap_or_default();
    let csv = csv.split('>').next().unwrap_or_default().replace("&quot;", "\"");
    let charts: Vec<&str> = csv.split("@@").collect();
    assert_eq!(charts.len(), 5, "{csv:.500}");
    for (chart, words) in charts.iter().zip([
        ["\"kv-precision\"", "\"low (one standard error)\""],
        ["\"H100 SXM\",\"128.07", "\"high (80 % band)\""],
        ["decode: compute", "\"low (80 % band)\""],
        ["tokens/s per user", "\"high (80 % band)\""],
        ["KV from HBM", "\"low (one standard error)\""],
    ]) {
        for word in words {
            assert!(chart.contains(word), "{word}: {chart:.400}");
        }
    }
    assert!(!charts[0].contains("-0.22"), "markers are told by name: {:.300}", charts[0]);
}
