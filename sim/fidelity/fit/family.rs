//! A family of kernels: its table, its form, its constants.

use std::sync::Arc;

use super::record::{Fault, Record, Records};
use super::sample::{Benches, Sample};
use super::solve::Constant;
use crate::cost::Bench;
use crate::hardware::Catalog;

/// What is fitted together, and the file it makes.
pub struct Family {
    /// Its name, and its file's: `gemm` makes `gemm.toml`.
    pub name: &'static str,
    /// The table it is fitted to: `gemm.csv`.
    pub table: &'static str,
    /// Errors to reach on held-out shapes, by the beginning of the key: median and 90th percentile.
    pub targets: &'static [(&'static str, f64, f64)],
    /// Columns its rows need.
    pub(super) columns: &'static [&'static str],
    /// The comment on top of the file, and the form in its symbols.
    pub(super) head: &'static str,
    pub(super) form: &'static str,
    /// What was measured, in words.
    pub(super) domain: &'static str,
    pub(super) constants: &'static [Constant],
    /// Variants of the form, as the file has them (`form = "sum"`): the best is taken. One empty
    /// string if there is but one.
    pub(super) alternatives: &'static [&'static str],
    /// What else a row of this key says in the file: `math = "bf16"`.
    pub(super) extra: fn(&str) -> &'static str,
    /// A row's sample; none if the row is not of this family's domain.
    pub(super) sample: fn(&Record, Arc<Bench>) -> Result<Option<Sample>, String>,
}

/// The samples of a table, and what was wrong in it.
pub struct Harvest {
    pub(super) samples: Vec<Sample>,
    /// Rows that cannot be used.
    pub faults: Vec<Fault>,
}

impl Family {
    /// Reads the table `text`, of the file `file`, with chips of `catalog`.
    pub fn harvest(&self, file: &str, text: &str, catalog: &Catalog) -> Harvest {
        let records = match Records::open(file, text, self.columns) {
            Ok(records) => records,
            Err(fault) => return Harvest { samples: Vec::new(), faults: vec![fault] },
        };
        let mut benches = Benches::new(catalog);
        let (samples, faults) = records.read(|row| {
            let bench = benches.named(row.text("chip"))?;
            row.seconds()?;
            (self.sample)(row, bench)
        });
        Harvest { samples, faults }
    }

    /// The target for samples of `key`: median and 90th percentile.
    pub fn target(&self, key: &str) -> Option<(f64, f64)> {
        let found = self.targets.iter().find(|target| key.starts_with(target.0));
        found.map(|&(_, median, p90)| (median, p90))
    }
}

impl Harvest {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}
