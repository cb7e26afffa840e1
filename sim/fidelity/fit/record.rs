//! Rows of a measured table, by the names of their columns.

use std::str::FromStr;

/// A row, or a whole table, that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct Fault {
    /// The table's file.
    pub file: String,
    /// From 1; the header is line 1.
    pub line: usize,
    /// What is wrong, and what happens to it.
    pub problem: String,
}

/// A table in comma-separated values, without quotes.
pub(super) struct Records<'a> {
    file: &'a str,
    columns: Vec<&'a str>,
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
}

/// One row.
pub(super) struct Record<'a> {
    columns: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl<'a> Records<'a> {
    /// Opens the table `file` of contents `text`; it must have all of `needed`.
    pub(super) fn open(file: &'a str, text: &'a str, needed: &[&str]) -> Result<Self, Fault> {
        let mut lines = text.lines().enumerate();
        let header = lines.next().map_or("", |(_, header)| header.trim_start_matches('\u{feff}'));
        let columns: Vec<&str> = header.split(',').map(str::trim).collect();
        let missing: Vec<&str> =
            needed.iter().copied().filter(|name| !columns.contains(name)).collect();
        let twice = columns.iter().find(|name| {
            needed.contains(name) && columns.iter().filter(|other| other == name).count() > 1
        });
        let problem = match twice {
            Some(name) => format!("two columns {name}; the whole table is left out, remove one"),
            None if missing.is_empty() => return Ok(Self { file, columns, lines }),
            None => {
                format!("no column {}; the whole table is left out, add it", missing.join(", "))
            }
        };
        Err(Fault { file: file.into(), line: 1, problem })
    }

    /// Calls `each` with every row, and collects what it makes of them and what is wrong.
    pub(super) fn read<T>(
        self,
        mut each: impl FnMut(&Record) -> Result<Option<T>, String>,
    ) -> (Vec<T>, Vec<Fault>) {
        let (mut good, mut faults) = (Vec::new(), Vec::new());
        for (i, line) in self.lines.filter(|(_, line)| !line.trim().is_empty()) {
            let record = Record { columns: &self.columns, fields: line.split(',').collect() };
            match record.whole().and_then(|()| each(&record)) {
                Ok(found) => good.extend(found),
                Err(problem) => {
                    let problem = format!("{problem}; the row is left out");
                    faults.push(Fault { file: self.file.into(), line: i + 1, problem });
                }
            }
        }
        (good, faults)
    }
}

impl Record<'_> {
    fn whole(&self) -> Result<(), String> {
        let (found, needed) = (self.fields.len(), self.columns.len());
        let short = || format!("{found} fields where the header has {needed}");
        if found == needed { Ok(()) } else { Err(short()) }
    }

    /// The field of column `name`.
    pub(super) fn text(&self, name: &str) -> &str {
        let column = self.columns.iter().position(|known| *known == name);
        column.map_or("", |column| self.fields[column].trim())
    }

    /// The same read as a `T`.
    pub(super) fn parse<T: FromStr>(&self, name: &str) -> Result<T, String> {
        let text = self.text(name);
        text.parse().map_err(|_| format!("`{name}` is `{text}`, which cannot be read"))
    }

    /// A count of at least one.
    pub(super) fn count(&self, name: &str) -> Result<u32, String> {
        match self.parse(name)? {
            0 => Err(format!("`{name}` is 0; expected at least 1")),
            count => Ok(count),
        }
    }

    /// The measured time, in seconds.
    pub(super) fn seconds(&self) -> Result<f64, String> {
        let micros: f64 = self.parse("latency_us")?;
        if micros.is_finite() && micros > 0.0 {
            return Ok(micros * 1e-6);
        }
        Err(format!("`latency_us` is {micros}; expected a time above zero"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rows_are_named_and_the_rest_is_read() {
        let text = "m,latency_us\n4,2.0\n0,3\n5,-1\n6\n7,nan\n8,9\n";
        let records = Records::open("t.csv", text, &["m", "latency_us"]).unwrap();
        let (good, faults) = records.read(|row| Ok(Some((row.count("m")?, row.seconds()?))));
        assert_eq!(good.iter().map(|row| row.0).collect::<Vec<_>>(), [4, 8]);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3, 4, 5, 6]);
        assert!(faults[1].to_string().starts_with("t.csv:4: `latency_us` is -1;"), "{}", faults[1]);
    }

    #[test]
    fn a_missing_column_leaves_the_table_out_once() {
        let fault = Records::open("t.csv", "m\n1\n", &["m", "n", "k"]).err().unwrap();
        assert_eq!((fault.line, fault.problem.contains("no column n, k")), (1, true));
    }
}
