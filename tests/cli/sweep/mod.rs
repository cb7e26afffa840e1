//! `memwall sweep`: what a folder holds, whatever happened to the processes that filled it.

mod axes;
mod folder;
mod interrupted;
mod output;
mod report;
mod shards;
mod spec;
mod support;
