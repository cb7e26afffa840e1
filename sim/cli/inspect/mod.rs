//! Commands that look at what is there: the catalogue, and files.
