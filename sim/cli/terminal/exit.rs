//! How a command ends, as a shell script sees it.

use std::process::ExitCode;

/// The exit codes; scripts and CI jobs may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: the command did what was asked.
    Done,
    /// 1: a gate failed, or a run could not finish.
    Failed,
    /// 2: the input is wrong; the message says where and what to do.
    BadInput,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::BadInput => 2,
        })
    }
}
