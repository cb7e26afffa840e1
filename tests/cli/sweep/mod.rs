//! `memwall sweep`: what a folder holds, whatever happened to the processes that filled it.

mod folder;
mod interrupted;
mod output;
mod shards;
mod spec;
mod support;
