//! `memwall workloads list`.

use serde::Serialize;

use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::workload::embedded_workloads;

#[derive(Serialize)]
struct Workloads {
    workloads: Vec<WorkloadRow>,
}

#[derive(Serialize)]
struct WorkloadRow {
    name: String,
    description: String,
}

pub(super) fn run(shell: &mut Shell) -> Result<Exit, CliError> {
    let workloads: Vec<_> = embedded_workloads()
        .map(|workload| WorkloadRow {
            name: workload.name().into(),
            description: workload.description().into(),
        })
        .collect();
    if shell.json() {
        shell.document("memwall.workloads/1", &Workloads { workloads })?;
    } else {
        let mut table = Table::new(&[Column::Name("workload"), Column::Text("what it is")]);
        for row in workloads {
            table.row([row.name, row.description]);
        }
        shell.table(table)?;
    }
    Ok(Exit::Done)
}
