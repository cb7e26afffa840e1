//! `memwall models`: shapes, sizes, and the operators of a step.

mod command;
mod list;
mod named;
mod ops;
mod rows;
mod show;

pub(in crate::cli) use command::ModelsCommand;
pub(in crate::cli) use named::model_named;
