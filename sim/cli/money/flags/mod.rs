//! Flags that the planners' commands share.

mod basis;
mod page;
mod prices;
mod rates;
mod subject;

pub(in crate::cli) use basis::{BasisFlags, positive, share};
pub(in crate::cli) use page::PageFlags;
pub(in crate::cli) use prices::PriceFlags;
pub(in crate::cli) use rates::{RateFlags, rates};
pub(in crate::cli) use subject::SubjectFlags;
