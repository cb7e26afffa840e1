//! The `memwall` command: read the arguments, run the command, map its end to an exit code.

use std::process::ExitCode;

use memwall::cli::Arguments;

fn main() -> ExitCode {
    match Arguments::read() {
        Ok(arguments) => arguments.run().into(),
        Err(answered) => answered.into(),
    }
}
