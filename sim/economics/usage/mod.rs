//! What somebody used: logs of coding agents, read call by call.
//!
//! [`UsageReader`] takes the text of Claude Code's and Codex's session logs and counts every call
//! once; [`read_ccusage`] takes the totals that ccusage prints. [`Bill`] prices either,
//! [`SessionShape`] makes a workload of calls and [`calibrated_workload`] of totals.

mod bill;
mod calibrate;
mod call;
mod ccusage;
mod claude;
mod codex;
mod moment;
mod reader;
mod shape;

pub use bill::Bill;
pub use calibrate::calibrated_workload;
pub use call::{Agent, LoggedCall, Skipped, UsageError, UsageLog};
pub use ccusage::{UsageRow, read_ccusage};
pub use moment::Moment;
pub use reader::UsageReader;
pub use shape::SessionShape;
