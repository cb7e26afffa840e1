//! Commands that ask how far to trust a prediction, and what it rests on.

mod hbm;

pub(super) use hbm::HbmCommand;
