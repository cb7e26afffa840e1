//! How the chips of a scale-up domain are linked.

use std::fmt;
use std::str::FromStr;

/// How the chips of a scale-up domain are linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wiring {
    /// Every chip to every switch; boards in a box to the host.
    #[default]
    Switched,
    /// Every chip to every other.
    Mesh,
    /// Every chip to its neighbours in up to three dimensions, ends joined.
    Torus([u32; 3]),
}

impl Wiring {
    /// Chips that it links, if it says so.
    pub fn chips(self) -> Option<u32> {
        match self {
            Self::Torus([x, y, z]) => Some(x.saturating_mul(y).saturating_mul(z)),
            Self::Switched | Self::Mesh => None,
        }
    }
}

impl FromStr for Wiring {
    type Err = String;

    /// Reads `switched`, `mesh`, or a torus by its dimensions: `4x4`, `4x4x4`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no wiring; write switched, mesh, or the lengths of a torus, whose \
                 product is the chips of a domain: 2x2x2 for eight, 4x4x4 for 64"
            )
        };
        match text {
            "switched" => return Ok(Self::Switched),
            "mesh" => return Ok(Self::Mesh),
            _ => {}
        }
        let mut torus = [1; 3];
        let lengths: Vec<&str> = text.split('x').collect();
        if !(2..=3).contains(&lengths.len()) {
            return Err(wrong());
        }
        for (length, text) in torus.iter_mut().zip(lengths) {
            *length = text.parse().ok().filter(|l| (1..=1024).contains(l)).ok_or_else(wrong)?;
        }
        Ok(Self::Torus(torus))
    }
}

impl fmt::Display for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switched => f.write_str("switched"),
            Self::Mesh => f.write_str("mesh"),
            Self::Torus([x, y, 1]) => write!(f, "{x}x{y}"),
            Self::Torus([x, y, z]) => write!(f, "{x}x{y}x{z}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wirings_read_as_they_are_written() {
        for text in ["switched", "mesh", "4x4", "4x4x4", "16x24x24"] {
            assert_eq!(text.parse::<Wiring>().map(|wiring| wiring.to_string()), Ok(text.into()));
        }
        for wrong in ["", "ring", "4", "4x0", "4x4x4x4", "4xa"] {
            assert!(wrong.parse::<Wiring>().unwrap_err().contains("4x4x4"), "{wrong}");
        }
        assert_eq!(Wiring::Torus([4, 4, 4]).chips(), Some(64));
    }
}
