//! What the formats look like.

mod agents;
mod azure;
mod fields;
mod lines;
mod mooncake;
mod page_ids;
mod scan;
mod weka;

pub(super) use agents::{read_events, read_graphs, read_spans, read_sub_requests};
pub(super) use fields::between_files;
pub(super) use lines::{LineFormat, Record, read_lines};
pub(super) use weka::read as read_sessions;
