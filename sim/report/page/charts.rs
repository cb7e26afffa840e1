//! The places of the charts, and what is said about each.

use maud::{Markup, html};

use super::figures;
use super::html::glued;
use super::techniques;
use crate::cost::Bound;
use crate::report::shares::long_name;
use crate::report::wall::{asked, words};
use crate::report::{Shares, WallReport, WallRow};

/// A place for a figure; the script fills it.
pub(super) struct Chart {
    /// Of the figure.
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    /// Between heading and chart.
    pub(super) above: Markup,
    /// What the numbers say.
    pub(super) says: Vec<String>,
    /// How to read it.
    pub(super) caption: &'static str,
}

/// Every chart, in the order of the page.
pub(super) fn all(report: &WallReport) -> Markup {
    html! { @for chart in each(report) { (chart.markup()) } }
}

fn each(report: &WallReport) -> impl Iterator<Item = Chart> {
    let ablation = report.document.ablation.iter();
    let techniques = ablation.flat_map(techniques::charts);
    results(report).into_iter().chain(moves(report)).chain(techniques).chain(workings(report))
}

/// What stands over a chart.
pub(super) struct Titled {
    /// Of the figure.
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    /// What the numbers say, and how to read it.
    pub(super) says: String,
}

/// What stands over every chart, in the order of the page.
pub(super) fn titles(report: &WallReport) -> Vec<Titled> {
    each(report).map(|chart| chart.titled()).collect()
}

/// What the ladder yields.
fn results(report: &WallReport) -> [Chart; 3] {
    let (document, rows) = (&report.document, &report.document.rows);
    let leaders = key(|bound| leads(rows, bound));
    [
        Chart {
            id: "ladder",
            heading: "Output per GPU",
            above: leaders.clone(),
            says: words::growth(document),
            caption: "Output tokens per second and GPU at the best plan and concurrency within the \
                latency targets. Colour and word tell what takes most of decode time; whiskers are \
                the band, where it was asked for.",
        },
        Chart {
            id: "megawatt",
            heading: "Output per megawatt",
            above: leaders,
            says: words::megawatt(document),
            caption: "Output tokens per second and megawatt at the utility meter, cooling and \
                overhead included.",
        },
        Chart {
            id: "shares",
            heading: "Where the time goes",
            above: key(|bound| takes_time(rows, bound)),
            says: words::time(document),
            caption: "Left the whole task, prefill and idle time included; right decode alone.",
        },
    ]
}

/// A task's life and what would move the wall; only what was looked at.
fn moves(report: &WallReport) -> Vec<Chart> {
    let document = &report.document;
    let mut charts = Vec::new();
    if document.rows.iter().any(|row| row.life.is_some()) {
        charts.push(Chart {
            id: "life",
            heading: "Where a task's life goes",
            above: html! {},
            says: words::life(document),
            caption: "Seconds of an average task, sub-agents included, from its first call to its \
                last: in the batch by what held the batch back, before it waiting for room, and \
                between calls for tools and people. Weights include the activations beside them.",
        });
        let looked = document.rows.iter().filter(|row| row.life.is_some());
        charts.push(Chart {
            id: "stages",
            heading: "A call as its context grows",
            above: choice("stages", looked.map(|row| row.title.as_str())),
            says: words::stages(document),
            caption: "Seconds of an average call with a prompt of so many tokens: left from its \
                arrival to its first token, right from there to its last, by what held back the \
                batch that it was in. The axes are the same for every chip.",
        });
    }
    if asked(document) {
        charts.push(Chart {
            id: "levers",
            heading: "What a tenth more would buy",
            above: html! {},
            says: words::levers(document),
            caption: "Each chip run again with a little more and a little less of one resource, on \
                the same work at its best load. Both: HBM bandwidth and capacity by the same \
                factor, as a taller stack brings. Whiskers are the standard error.",
        });
    }
    if document.rows.iter().any(|row| !row.frontier.is_empty()) {
        charts.push(Chart {
            id: "frontier",
            heading: "Speed per user against output per GPU",
            above: html! {},
            says: words::frontier(document),
            caption: "Plans and loads that no other of the same chip beats in both. Full markers \
                meet the latency targets, open ones do not.",
        });
    }
    charts
}

/// What the wall is made of.
fn workings(report: &WallReport) -> [Chart; 5] {
    let (document, rows) = (&report.document, &report.document.rows);
    let roofs = report.rooflines.iter().map(|roof| title(rows, &roof.chip));
    let turning = rows.iter().filter(|row| !row.turns.is_empty()).map(|row| row.title.as_str());
    [
        Chart {
            id: "intensity",
            heading: "Arithmetic per byte",
            above: html! {},
            says: words::intensity(document),
            caption: "What a chip offers is its dense peak over its HBM bandwidth; work that asks \
                for less is held back by memory. Compute in ever narrower formats moves the chips \
                to the right, not the work.",
        },
        Chart {
            id: "roofline",
            heading: "Rooflines",
            above: choice("roofline", roofs),
            says: words::rooflines(report),
            caption: "Operators under the roof of the matrix engine and the HBM of one chip; the \
                larger, the more time. The axes are the same for every chip.",
        },
        Chart {
            id: "turns",
            heading: "Where decode turns",
            above: choice("turns", turning),
            says: words::turns(document),
            caption: "Under the plan of the ladder: up to the first line a decode step spends most \
                of its reading on weights, beyond it on KV. A line that is missing lies above the \
                one where the cache is full.",
        },
        Chart {
            id: "context",
            heading: "Speed per user as the context grows",
            above: html! {},
            says: words::context(report),
            caption: "One decode step at each context length. Marker: ● HBM bandwidth, ■ compute, \
                ▲ interconnect, ◆ HBM capacity, ✚ latency, ★ host. A line ends where the KV cache \
                no longer fits.",
        },
        Chart {
            id: "multiples",
            heading: "What each generation multiplied",
            above: html! {},
            says: words::formats(document),
            caption: "Against the first chip with a result. FLOP/s are the dense peak of the \
                engine that multiplies the weights, so a narrower number format counts as growth.",
        },
    ]
}

impl Chart {
    /// What stands over it.
    pub(super) fn titled(&self) -> Titled {
        let says = self.says.iter().map(String::as_str).chain([self.caption]);
        let says = says.collect::<Vec<_>>().join(" ");
        Titled { id: self.id, heading: self.heading, says }
    }

    /// Its place on the page.
    pub(super) fn markup(&self) -> Markup {
        html! {
            section {
                (stated(self.id, self.heading, &self.says))
                (place(self.id, &self.above, self.caption))
            }
        }
    }
}

/// The heading of the figure `id`, and what its numbers say.
pub(super) fn stated(id: &str, heading: &str, says: &[String]) -> Markup {
    html! {
        h2 #{ (id) "-heading" } { (heading) }
        @if !says.is_empty() { p { (glued(&says.join(" "))) } }
    }
}

/// The place of the figure `id`.
pub(super) fn place(id: &str, above: &Markup, caption: &str) -> Markup {
    html! {
        figure {
            (above)
            div.chart id=(id) role="img" aria-labelledby={ (id) "-heading" } {}
            figcaption {
                (caption) " "
                button type="button" id={ (id) "-csv" } { "These numbers as CSV" }
            }
        }
    }
}

/// The colours of the bounds for which `occurs` holds.
fn key(occurs: impl Fn(Bound) -> bool) -> Markup {
    html! {
        ul class="key" aria-label="Colours" {
            @for bound in Bound::ALL.into_iter().filter(|&bound| occurs(bound)) {
                li {
                    svg viewBox="0 0 10 10" aria-hidden="true" {
                        rect width="10" height="10" rx="2" fill=(figures::colour(bound)) {}
                    }
                    (long_name(bound))
                }
            }
        }
    }
}

/// Whether `bound` leads decode anywhere.
fn leads(rows: &[WallRow], bound: Bound) -> bool {
    rows.iter().any(|row| row.decode_bound.largest().is_some_and(|(leader, _)| leader == bound))
}

/// Whether `bound` takes any time anywhere.
fn takes_time(rows: &[WallRow], bound: Bound) -> bool {
    let of = |shares: &Shares| shares.get(bound).is_some_and(|share| share > 0.0);
    rows.iter().any(|row| of(&row.time_share) || of(&row.decode_bound))
}

/// The title of the chip named `chip`.
fn title<'a>(rows: &'a [WallRow], chip: &'a str) -> &'a str {
    rows.iter().find(|row| row.chip == chip).map_or(chip, |row| &row.title)
}

/// Chooses the chip of the figure `id`.
pub(super) fn choice<'a>(id: &str, titles: impl Iterator<Item = &'a str>) -> Markup {
    html! {
        label {
            "Chip "
            select #{ (id) "-chip" } autocomplete="off" {
                @for title in titles { option { (title) } }
            }
        }
    }
}
