//! The points that come with the program.

/// Name and text of each file; `workloads/measured/README.md` has their sources and licences.
const FILES: [(&str, &str); 2] = [
    (
        "serving.csv",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/measured/serving.csv")),
    ),
    (
        "published.csv",
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/measured/published.csv")),
    ),
];

/// Name and text of every file of measured points that comes with the program.
pub const fn shipped() -> &'static [(&'static str, &'static str)] {
    &FILES
}
