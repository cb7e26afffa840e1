//! The `memwall` command: read the arguments, run the command, map its end to an exit code.

use std::process::ExitCode;

use memwall::cli::{Arguments, Shell};

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(answered) => return answered.into(),
    };
    let mut shell = Shell::new(&arguments.flags);
    let end = arguments.command.run(&mut shell);
    shell.close(end).into()
}
