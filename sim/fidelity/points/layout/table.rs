//! Rows of a CSV file, read by the names of their columns.

use std::collections::{BTreeMap, BTreeSet};

use csv::StringRecord;

use crate::model::Plan;

/// Prompts and answers of more tokens are beyond any model.
const LONGEST: f64 = (1 << 27) as f64;

/// A file's header.
#[derive(Clone, Debug)]
pub(super) struct Columns(BTreeMap<String, usize>);

impl Columns {
    pub(super) fn of(header: &StringRecord) -> Self {
        let names = header.iter().enumerate();
        Self(names.map(|(i, name)| (name.trim().to_owned(), i)).collect())
    }

    /// A name that the header has twice.
    pub(super) fn twice(header: &StringRecord) -> Option<String> {
        let mut known = BTreeSet::new();
        let mut names = header.iter().map(str::trim).filter(|name| !name.is_empty());
        names.find(|name| !known.insert(*name)).map(str::to_owned)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Which of `names` there are not.
    pub(super) fn missing<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        names.iter().copied().filter(|name| !self.has(name)).collect()
    }
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) columns: &'a Columns,
    pub(super) cells: &'a StringRecord,
}

impl<'a> Row<'a> {
    /// The cell under `name`; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &'a str {
        let index = self.columns.0.get(name);
        index.and_then(|&index| self.cells.get(index)).unwrap_or_default().trim()
    }

    /// A figure greater than zero; `None` if the cell is empty.
    pub(super) fn positive(&self, name: &str) -> Result<Option<f64>, String> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let value: f64 = text.parse().map_err(|_| {
            let unit = name.rsplit('_').next().unwrap_or_default();
            let text = shortened(text);
            format!("`{name} = {text}` is not a plain number; write it without a unit, in {unit}")
        })?;
        if value.is_finite() && value > 0.0 {
            return Ok(Some(value));
        }
        Err(self.wrong(name, "not greater than zero"))
    }

    /// A whole number of at least one; `None` if the cell is empty.
    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, String> {
        let Some(value) = self.positive(name)? else { return Ok(None) };
        if value.fract() != 0.0 {
            return Err(self.wrong(name, "not a whole number"));
        }
        if value > f64::from(u32::MAX) {
            return Err(self.wrong(name, "too large"));
        }
        Ok(Some(value as u32))
    }

    /// The same where there must be one.
    pub(super) fn needed(&self, name: &str) -> Result<u32, String> {
        self.count(name)?.ok_or_else(|| format!("`{name}` is not stated"))
    }

    /// Tokens of a prompt or an answer, which may be a mean, to the nearest whole number.
    pub(super) fn length(&self, name: &str) -> Result<u32, String> {
        let value = self.positive(name)?.ok_or_else(|| format!("`{name}` is not stated"))?;
        if value > LONGEST {
            return Err(self.wrong(name, "too large"));
        }
        Ok((value.round() as u32).max(1))
    }

    fn wrong(&self, name: &str, what: &str) -> String {
        let text = shortened(self.text(name));
        format!("`{name} = {text}` is {what}; correct it or remove the row")
    }

    /// A degree of parallelism of experts or groups; what is not stated or 0 is none.
    pub(super) fn degree(&self, name: &str) -> Result<u32, String> {
        let text = self.text(name);
        if matches!(text, "" | "0" | "0.0") {
            return Ok(1);
        }
        self.needed(name)
    }
}

/// A plan that can be asked for.
pub(super) fn possible(plan: Plan) -> Result<Plan, String> {
    if plan.is_too_wide() {
        let most = Plan::MOST_GPUS;
        return Err(format!("{plan} takes more than {most} chips; correct it or remove the row"));
    }
    Ok(plan)
}

/// A cell as a sentence can hold it.
fn shortened(text: &str) -> String {
    const MOST: usize = 24;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}
