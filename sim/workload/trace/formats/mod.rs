//! What the formats look like.

mod azure;
mod fields;
mod lines;
mod mooncake;
mod page_ids;
mod scan;
mod weka;

pub(super) use fields::between_files;
pub(super) use lines::{LineFormat, Record, read_lines};
pub(super) use weka::read as read_sessions;
