//! What to do about a command line that the parser refuses and says too little of.

use std::error::Error as _;
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The remedy that `error` lacks, if one is known.
pub(in crate::cli) fn hint(error: &clap::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::ValueValidation => {
            let number = error.source()?.downcast_ref::<ParseIntError>()?;
            Some(match number.kind() {
                IntErrorKind::PosOverflow => "give a smaller number",
                _ => "give a whole number in digits, as in 32",
            })
        }
        ErrorKind::UnknownArgument => match error.get(ContextKind::InvalidArg)? {
            ContextValue::String(flag) if flag == "--wiring" => {
                Some("wiring is a figure of the chip; `--vary scale_up.wiring=switched` varies it")
            }
            _ => None,
        },
        _ => None,
    }
}

/// `error` with its [`hint`] below it.
pub(in crate::cli) fn with_hint(mut error: clap::Error) -> clap::Error {
    if let Some(hint) = hint(&error) {
        let tips = vec![clap::builder::StyledStr::from(hint)];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}
