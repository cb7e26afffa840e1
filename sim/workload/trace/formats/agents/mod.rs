//! Formats of agents' runs: graphs of calls, with what each waits for.
//!
//! Dynamo's agentic Mooncake (graphs written down) and its request traces (events, from which the
//! graph follows), LLMServingSim's sessions (calls one after another), OpenTelemetry traces (texts
//! and times, from which the graph follows).

mod chained;
mod dynamo;
mod graph;
mod otel;
mod recorded;
mod requests;
mod servingsim;
mod text;

pub(in crate::workload::trace) use dynamo::read as read_graphs;
pub(in crate::workload::trace) use otel::read as read_spans;
pub(in crate::workload::trace) use requests::read as read_events;
pub(in crate::workload::trace) use servingsim::read as read_sub_requests;
