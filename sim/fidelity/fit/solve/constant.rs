//! What is fitted: named, bounded, with a unit.

/// What a constant is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fidelity::fit) enum Unit {
    /// A share or a number.
    Plain,
    /// Microseconds in files, seconds in forms.
    Micros,
    /// Nanoseconds in files, seconds in forms.
    Nanos,
}

/// How the search moves between the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fidelity::fit) enum Scale {
    Linear,
    /// By factors; the lower bound is not zero.
    Log,
}

/// What becomes of a constant on a chip that inherits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fidelity::fit) enum Role {
    /// A share of the compute peak: subject to the power law.
    Compute,
    /// A time per key on one core: scales with a core's bandwidth.
    Stream,
    /// Stays as it is.
    Fixed,
}

/// One constant of a form.
#[derive(Clone, Copy, Debug)]
pub(in crate::fidelity::fit) struct Constant {
    pub(in crate::fidelity::fit) name: &'static str,
    pub(in crate::fidelity::fit) unit: Unit,
    pub(in crate::fidelity::fit) scale: Scale,
    pub(in crate::fidelity::fit) role: Role,
    /// Bounds and the first start, in the unit of files.
    pub(in crate::fidelity::fit) low: f64,
    pub(in crate::fidelity::fit) high: f64,
    pub(in crate::fidelity::fit) start: f64,
}

impl Constant {
    /// A share or a number between bounds, moved by factors.
    pub(in crate::fidelity::fit) const fn share(
        name: &'static str,
        role: Role,
        [low, start, high]: [f64; 3],
    ) -> Self {
        Self { name, unit: Unit::Plain, scale: Scale::Log, role, low, high, start }
    }

    /// A number that may be zero.
    pub(in crate::fidelity::fit) const fn number(
        name: &'static str,
        [low, start, high]: [f64; 3],
    ) -> Self {
        let (unit, scale, role) = (Unit::Plain, Scale::Linear, Role::Fixed);
        Self { name, unit, scale, role, low, high, start }
    }

    /// A time; by factors if its lower bound is above zero.
    pub(in crate::fidelity::fit) const fn time(
        name: &'static str,
        unit: Unit,
        [low, start, high]: [f64; 3],
    ) -> Self {
        let scale = if low > 0.0 { Scale::Log } else { Scale::Linear };
        Self { name, unit, scale, role: Role::Fixed, low, high, start }
    }

    /// The same with another role.
    pub(in crate::fidelity::fit) const fn with(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// Whether it is a time.
    pub(in crate::fidelity::fit) const fn is_time(&self) -> bool {
        !matches!(self.unit, Unit::Plain)
    }

    /// The value at `position` between the bounds, 0 to 1, in base units.
    pub(in crate::fidelity::fit) fn at(&self, position: f64) -> f64 {
        let position = position.clamp(0.0, 1.0);
        let value = match self.scale {
            Scale::Linear => self.low + (self.high - self.low) * position,
            Scale::Log => self.low * libm::pow(self.high / self.low, position),
        };
        value * self.factor()
    }

    /// Where between the bounds the first start is.
    pub(in crate::fidelity::fit) fn start(&self) -> f64 {
        match self.scale {
            Scale::Linear => (self.start - self.low) / (self.high - self.low),
            Scale::Log => libm::log(self.start / self.low) / libm::log(self.high / self.low),
        }
    }

    /// `value` with four significant digits of its written unit, still in base units.
    pub(in crate::fidelity::fit) fn rounded(&self, value: f64) -> f64 {
        self.digits(value) * self.factor()
    }

    /// `name = value` as files have it.
    pub(in crate::fidelity::fit) fn written(&self, value: f64) -> String {
        let number = self.digits(value);
        match self.unit {
            Unit::Plain => format!("{} = {}", self.name, decimal(number)),
            Unit::Micros => format!("{} = \"{number} us\"", self.name),
            Unit::Nanos => format!("{} = \"{number} ns\"", self.name),
        }
    }

    fn digits(&self, value: f64) -> f64 {
        four_digits(value / self.factor())
    }

    const fn factor(&self) -> f64 {
        match self.unit {
            Unit::Plain => 1.0,
            Unit::Micros => 1e-6,
            Unit::Nanos => 1e-9,
        }
    }
}

/// `value` rounded to four significant digits.
pub(in crate::fidelity::fit) fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().expect("a number reads back")
}

/// A TOML float: with a point, whatever its value.
pub(in crate::fidelity::fit) fn decimal(value: f64) -> String {
    let text = value.to_string();
    if text.contains('.') { text } else { text + ".0" }
}
