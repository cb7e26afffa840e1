//! What an engine may be told about the order of its work.

/// Who is served first, and who gives way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheduling {
    /// Whoever came first; where pages run out, the latest admitted gives way. The default of vLLM
    /// 0.12 (`--scheduling-policy fcfs`), of `SGLang` 0.5 and of TensorRT-LLM 1.1.
    #[default]
    Fcfs,
    /// By priority, then by arrival; where pages run out, the last in that order gives way, whenever
    /// it was admitted. vLLM's `--scheduling-policy priority`: nobody is preempted for the sake of
    /// a request that waits.
    Priority,
}

/// Rules that engines have off, or none of, unless they are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Who is served first.
    pub scheduling: Scheduling,
}
