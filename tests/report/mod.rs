//! The report layer from outside: the documents' keys, the table's width, and the page, also in a
//! real browser.

mod browser;
mod documents;
mod page;
mod pictures;
mod sample;
