//! The rules by which constants pass from a donor to a chip that was not measured.

/// A rule of inheritance. Peaks, bandwidth, cores, exponential rate and links are always the chip's
/// own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The donor's shares and latencies as they are.
    Shares,
    /// Shares of the compute peak by the power law, never more than the donor's; times per key on
    /// one core by a core's bandwidth. A generation's chips give together.
    PowerLaw,
    /// The same from one chip: the generation's nearest by peak and memory bandwidth.
    Nearest,
    /// As by power law, and latencies shrink as the clock grows.
    Clocks,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::Shares, Self::PowerLaw, Self::Nearest, Self::Clocks];

    /// The one that prices are made by.
    pub const CHOSEN: Self = Self::PowerLaw;

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::PowerLaw => "power-law",
            Self::Nearest => "nearest",
            Self::Clocks => "clocks",
        }
    }
}
