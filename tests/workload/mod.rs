//! Workloads: traces against exact counts, generated tasks against laws and measured shares.

mod agents;
mod faults;
mod graph;
mod streams;
mod synthetic;
mod traces;
