//! `memwall chips links`.

use serde::Serialize;

use crate::cli::specs::catalog;
use crate::cli::terminal::count;
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::hardware::{Catalog, Chip, Fabric, HardwareError, LinkRow, Ports, Topology, Wiring};
use crate::units::significant;

/// Chips of a graph that is drawn: more would not be read, and a pod takes long.
const MOST_DRAWN: u32 = 1152;

#[derive(Serialize)]
struct LinksDocument<'a> {
    chip: &'a str,
    system: Option<&'a str>,
    scale_up_domain: u32,
    wiring: String,
    /// How collectives are priced: as wired, unless that is a torus of more or fewer chips.
    priced_as: String,
    switches: Option<u32>,
    nics_per_domain: u32,
    oversubscription: f64,
    domains: u32,
    links: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    from: &'static str,
    to: &'static str,
    count: usize,
    gb_s: f64,
}

pub(super) fn run(which: &str, is_dot: bool, shell: &mut Shell) -> Result<Exit, CliError> {
    let catalog = catalog(shell)?;
    let (chip, domain) = chip_of(&catalog, which)?;
    let mut ports = Ports::of(chip);
    ports.domain = domain.unwrap_or(ports.domain);
    let missing = |problem: String, remedy: &str| CliError::Flag {
        flag: "NAME",
        value: which.to_owned(),
        problem,
        remedy: remedy.into(),
    };
    if ports.domain > MOST_DRAWN {
        let problem = format!("a domain of {} chips is too large to be listed", ports.domain);
        return Err(missing(problem, "`memwall chips show` has its figures"));
    }
    // As collectives are priced.
    let fabric = Fabric { wiring: chip.fabric.wiring_of(ports.domain), ..chip.fabric };
    let topology = Topology::new(&ports, &fabric, ports.domain, 2).ok_or_else(|| {
        missing("no link of it is known".into(), "give its spec a scale_up.bandwidth")
    })?;
    if is_dot {
        shell.text(topology.to_dot())?;
        return Ok(Exit::Done);
    }
    let document = LinksDocument {
        chip: &chip.name,
        system: chip.system.as_deref(),
        scale_up_domain: ports.domain,
        wiring: chip.fabric.wiring.to_string(),
        priced_as: fabric.wiring.to_string(),
        switches: fabric.switches.filter(|_| fabric.wiring == Wiring::Switched),
        nics_per_domain: fabric.nics_of(ports.domain),
        oversubscription: fabric.leaf_ratio(),
        domains: 2,
        links: topology.links().iter().map(Row::from).collect(),
    };
    if shell.json() {
        shell.document("memwall.links/1", &document)?;
    } else {
        print(&document, chip, &ports, shell)?;
    }
    Ok(Exit::Done)
}

/// The chip of this name, or of the system of this name and that one's domain.
fn chip_of<'a>(
    catalog: &'a Catalog,
    which: &str,
) -> Result<(&'a Chip, Option<u32>), HardwareError> {
    catalog.chip(which).map(|chip| (chip, None)).or_else(|unknown| {
        let system = catalog.system(which).map_err(|_| unknown)?;
        Ok((catalog.chip(&system.chip)?, Some(system.domain)))
    })
}

impl From<&LinkRow> for Row {
    fn from(row: &LinkRow) -> Self {
        let LinkRow { from, to, count, bandwidth } = *row;
        Self { from, to, count, gb_s: bandwidth.get() / 1e9 }
    }
}

fn print(
    document: &LinksDocument<'_>,
    chip: &Chip,
    ports: &Ports,
    shell: &mut Shell,
) -> Result<(), CliError> {
    let system = document.system.map_or_else(String::new, |system| format!(" in {system}"));
    shell.heading(format!("Two domains of {} {}{system}", ports.domain, chip.title))?;
    let mut table = Table::new(&[
        Column::Name("from"),
        Column::Name("to"),
        Column::Number("links"),
        Column::Number("GB/s each way"),
    ]);
    for row in &document.links {
        table.row([
            row.from.into(),
            row.to.into(),
            count(row.count as u64),
            significant(row.gb_s, 4),
        ]);
    }
    shell.line("")?;
    shell.table(table)?;
    shell.line("")?;
    for line in remarks(document, chip, ports) {
        shell.line(line)?;
    }
    Ok(())
}

/// What is assumed, and what is not known.
fn remarks(document: &LinksDocument<'_>, chip: &Chip, ports: &Ports) -> Vec<String> {
    let mut remarks = Vec::new();
    if !ports.has_scale_up {
        remarks.push(format!(
            "No scale-up link: chips of a box reach each other over the {}, {} to a box.",
            ports.name, ports.domain
        ));
    } else if chip.fabric.wiring == Wiring::Switched && document.switches.is_none() {
        remarks.push(
            "How many switches there are, or whether any, is not known: drawn as one.".into(),
        );
    }
    if document.wiring != document.priced_as {
        remarks.push(format!(
            "Wired as {}, which is no domain of {}: drawn, and collectives priced, as if {}.",
            document.wiring, document.scale_up_domain, document.priced_as
        ));
    } else if chip.fabric.wiring != Wiring::Switched {
        remarks.push(
            "Collectives are priced on these links; `run --wiring switched`, or elsewhere \
             --vary scale_up.wiring=switched, prices them as if switched."
                .into(),
        );
    }
    if ports.nic.is_none() {
        remarks.push("The network is not public: domains are joined at the speed of ports.".into());
    }
    let fabric = &chip.fabric;
    if fabric.nics.is_none() && fabric.oversubscription.is_none() {
        remarks.push("Assumed: a NIC per chip, and leaves that are not oversubscribed.".into());
    }
    remarks
}
