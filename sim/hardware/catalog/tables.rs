//! The small files beside the chips: sources, kinds of memory, the ladder.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::units::{BitsPerSec, Bytes};

/// What a `source` key stands for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Full title.
    pub title: String,
    /// When it was written, last changed or read, if known: `2026-08`.
    pub date: Option<String>,
    /// Its licence, or on what terms its figures are used.
    pub terms: String,
}

/// `sources.toml`, by key.
pub(crate) type Sources = BTreeMap<String, Source>;

/// What one kind of stacked memory can be.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryKind {
    /// Data pins of a stack.
    pub pins: u32,
    /// The standard's pin rate.
    pub rate: BitsPerSec,
    /// The fastest that a maker has shown or claims.
    pub fastest: BitsPerSec,
    /// Capacities of one die.
    pub dies: Vec<Bytes>,
    /// Dies in a stack.
    pub heights: Vec<u32>,
    /// Keys of `sources.toml`.
    pub source: String,
}

/// `hbm.toml`, by kind.
pub(crate) type MemoryKinds = BTreeMap<String, MemoryKind>;

/// `ladder.toml`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ladder {
    /// Names of chips, bottom to top.
    pub(crate) chips: Vec<String>,
}
