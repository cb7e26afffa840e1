//! From recorded sessions to tasks.

use super::session::{Agent, Row, Session, Trace, TraceFile};
use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::content::{common_pages, page_count, push_run, slice};
use crate::workload::{Call, Chain, Task, WorkloadError};

impl Trace {
    /// The trace as tasks, in the order of files and lines.
    ///
    /// Session files have no common clock: the i-th starts at `i * stagger`; fails if that takes
    /// the last one beyond a hundred days. Each call carries both its recorded time (open loop)
    /// and the client's delay before it (closed loop). A recorded output of zero tokens becomes
    /// one.
    pub fn tasks(&self, stagger: SimSpan) -> Result<Vec<Task>, WorkloadError> {
        let mut tasks = Vec::with_capacity(self.sessions());
        for (file, offset) in self.files.iter().zip(self.offsets(stagger)?) {
            tasks.extend(file.sessions.iter().map(|session| task(file, session, offset)));
        }
        Ok(tasks)
    }
}

fn task(file: &TraceFile, session: &Session, offset: SimSpan) -> Task {
    let label = match session.line {
        Some(line) => format!("{}:{line}", file.name),
        None => file.name.clone(),
    };
    let mut chains: Vec<_> =
        session.agents.iter().map(|agent| chain(agent, file.page_tokens)).collect();
    for (child, agent) in session.agents.iter().enumerate() {
        if let Some((parent, row)) = agent.spawned_by {
            chains[parent].calls[row].spawns.push(child as u32);
        }
        // A sub-agent that ends after its parent's last request joins nothing.
        if let Some((parent, row)) = agent.joined_by
            && let Some(call) = chains[parent].calls.get_mut(row)
        {
            call.waits_for.push(child as u32);
        }
    }
    Task { label, start: session.start + offset, chains }
}

fn chain(agent: &Agent, page_tokens: Option<u32>) -> Chain {
    let call = |(index, row): (usize, &Row)| Call {
        prompt: row.prompt,
        output: row.output.max(1),
        cause: row.cause,
        gap: row.gap,
        at: row.at,
        content: page_tokens
            .map_or_else(Vec::new, |page| content(row, agent.rows.get(index + 1), u64::from(page))),
        spawns: Vec::new(),
        waits_for: Vec::new(),
        after: row.after.clone(),
        model: 0,
    };
    Chain { calls: agent.rows.iter().enumerate().map(call).collect() }
}

/// The full pages of a prompt and, as far as the next prompt tells, of its answer.
///
/// The answer is bound only if the next prompt has this prompt's pages and room for the whole
/// answer after them: where reasoning was dropped, the pages that follow are not the answer's.
fn content(row: &Row, next: Option<&Row>, page_tokens: u64) -> Vec<Extent> {
    let prompt = u64::from(row.prompt);
    let full = (prompt / page_tokens).min(page_count(&row.pages));
    let mut content = slice(&row.pages, 0, full);
    let end = prompt + u64::from(row.output);
    if let Some(next) = next
        && full == prompt / page_tokens
        && u64::from(next.prompt) >= end
        && common_pages(&content, &next.pages) == full
    {
        for run in slice(&next.pages, full, end / page_tokens) {
            push_run(&mut content, run);
        }
    }
    content
}
