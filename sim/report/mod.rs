//! What leaves the program: JSON documents, tables for a terminal, and one offline page.
//!
//! Documents are plain rows that the caller fills; nothing here simulates. Every number enters JSON
//! with six significant digits ([`round6`]), and a figure that is unknown or was not asked for is
//! `null`, with its key in place.
//!
//! ```
//! use memwall::report::{WallDocument, render_wall_table, to_json};
//! let document = WallDocument { model: "llama-3.1-70b".into(), ..WallDocument::default() };
//! assert!(to_json(&document).starts_with("{\n  \"schema\": \"memwall.wall/1\""));
//! assert!(render_wall_table(&document, 80).contains("llama-3.1-70b"));
//! ```

mod diff;
mod exchange;
mod fill;
mod json;
mod page;
mod run;
mod shares;
mod text;
mod wall;

pub use diff::{DiffDocument, Direction, Incomparable, Metric, Tolerance, compare, diff_markdown};
pub use exchange::{Bench, Figures, aiconfigurator_csv, aiperf_json, inferencex_json, vllm_json};
pub use fill::{
    Paid, Pool, Used, Wire, context_curve, fill_elasticity, fill_escalation, fill_fleet, fill_life,
    fill_oracle, fill_parts, fill_row, fill_run, fill_task, fill_tiers, frontier_point, provenance,
    roofline, turns, unbeaten, unfit_row, whole_roofline,
};
pub use json::{round6, to_json, to_json_line};
pub use page::{
    Bar, Grid, Line, Picture, Plot, Section, Sheet, ablate_pictures, render_ablate_page,
    render_sheet, render_wall_page, wall_pictures,
};
pub(crate) use page::{PALETTE, footer, render_page};
use run::power_line;
pub use run::{
    ApiCost, Bubbles, ClassReport, Cost, Deadline, Energy, EscalationReport, FailedParts,
    FaultReport, FleetReport, Frame, HandoffReport, HiddenReport, KindPrices, KvCache, Latency,
    LinkReport, NicReport, OverlapReport, PipelineReport, PoolReport, PowerReport, RanksReport,
    Requests, RunDocument, Shown, Sim, StoreReport, TaskCost, TaskJoules, TaskTokens, Throughput,
    TierReport, Timeline, TokenCounts, ToolReport, UsersReport, render_run, requests_csv,
};
pub use shares::{Band, Elasticity, Quantiles, Shares, Slope};
pub use text::wrap;
pub use wall::{
    AblateDocument, ByUse, CallStage, ChipGains, Claims, Configuration, ContextCurve, ContextPoint,
    FrontierPoint, HbmShare, Intensity, Interaction, LeftOut, Life, LifeStage, Overlap, Phase,
    Provenance, Roofline, RooflinePoint, Slo, TechniqueGains, Turn, WallDocument, WallReport,
    WallRow, findings, render_wall_table,
};
pub(crate) use wall::{gained, spoken};
