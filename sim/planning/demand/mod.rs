//! What people ask of models: tokens, tasks and dollars by the day, from listed inputs.

mod catalog;
mod figures;
mod scenario;
mod statement;

pub use catalog::demand_names;
pub use figures::{Carried, DailyTokens, DemandFigure, End, UseFigures};
pub use scenario::{Demand, Era, Use};
pub use statement::Statement;
