//! The folder of a sweep: Parquet parts of a fixed number of points, and a manifest.

mod columns;
mod export;
mod folder;
mod part;
mod row;

pub(super) use columns::{Column, axis_columns, columns_of};
pub(super) use export::{ExportFormat, export, rows_of, value};
pub(super) use folder::{Folder, MANIFEST, Manifest, part_name, read_manifest};
pub(super) use part::{PartTags, encode};
pub(super) use row::{Row, row_of};
