//! One sourced figure of a spec file.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::super::chip::Class;
use super::written::Written;
use crate::units::with_prefix;

/// A figure as a file gives it: `{ value = "700 W", class = "datasheet", source = "AIC" }`.
///
/// A file that stands on its own must give class and source; a variation of another part may leave
/// them out, and then the figure counts as an estimate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Written")]
pub struct Figure<T> {
    value: Reading<T>,
    /// How far the figure can be trusted.
    pub class: Option<Class>,
    /// Keys of `sources.toml`, separated by semicolons.
    pub source: Option<String>,
    /// When the source said so, if not when the source as a whole was written: `2026-08-25`.
    pub date: Option<String>,
    /// Whether the figure was computed from others of this file.
    #[serde(default)]
    pub derived: bool,
}

/// A value, and how it was written.
#[derive(Clone, Debug, PartialEq)]
struct Reading<T> {
    text: String,
    value: T,
}

impl<'de, T: Written> Deserialize<'de> for Reading<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = toml::Value::deserialize(deserializer)?;
        let value = T::read(&raw).map_err(D::Error::custom)?;
        Ok(Self { text: text_of(&raw), value })
    }
}

/// The value as in the file, without quotation marks.
fn text_of(raw: &toml::Value) -> String {
    match raw {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(" to "),
        toml::Value::Float(number) => with_prefix(*number, "").trim_end().into(),
        other => other.to_string(),
    }
}

impl<T: Written> Figure<T> {
    /// A figure reckoned here rather than read from a file.
    pub(crate) fn reckoned(value: T, text: String, source: &str) -> Self {
        Self {
            value: Reading { text, value },
            class: Some(Class::Estimate),
            source: Some(source.into()),
            date: None,
            derived: true,
        }
    }

    /// The value.
    pub fn get(&self) -> &T {
        &self.value.value
    }

    /// The value as it was written.
    pub fn text(&self) -> &str {
        &self.value.text
    }

    /// The class; an unsourced figure is an estimate.
    pub fn class(&self) -> Class {
        self.class.unwrap_or(Class::Estimate)
    }
}

/// A figure that a file may leave out.
pub(crate) trait Given<T> {
    /// Its value, if the file gives it.
    fn given(&self) -> Option<T>;
}

impl<T: Written> Given<T> for Option<Figure<T>> {
    fn given(&self) -> Option<T> {
        self.as_ref().map(|figure| figure.get().clone())
    }
}

/// Any figure, without its type: what listings and checks of provenance need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) section: &'static str,
    pub(crate) name: &'static str,
    pub(crate) text: &'a str,
    pub(crate) class: Option<Class>,
    pub(crate) source: Option<&'a str>,
    pub(crate) date: Option<&'a str>,
    pub(crate) derived: bool,
}

impl<'a> Entry<'a> {
    pub(crate) fn of<T>(section: &'static str, name: &'static str, figure: &'a Figure<T>) -> Self {
        Self {
            section,
            name,
            text: &figure.value.text,
            class: figure.class,
            source: figure.source.as_deref(),
            date: figure.date.as_deref(),
            derived: figure.derived,
        }
    }

    /// The class; an unsourced figure is an estimate.
    pub(crate) fn class(&self) -> Class {
        self.class.unwrap_or(Class::Estimate)
    }

    /// The dotted key in the file: `memory.pin_rate`.
    pub(crate) fn key(&self) -> String {
        if self.section.is_empty() {
            self.name.into()
        } else {
            format!("{}.{}", self.section, self.name)
        }
    }
}

/// A table of a spec that holds nothing but figures.
pub(crate) trait Section: Default + DeserializeOwned {
    /// Every figure that is given, in the order of the file format.
    fn entries(&self) -> Vec<Entry<'_>>;
    /// The figures of `self`, and those of `base` where `self` has none.
    fn over(self, base: &Self) -> Self;
}

/// Declares a section: the one place that knows its keys, their order and their dimensions.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident $key:literal {
        $($(#[$fdoc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: Option<super::figure::Figure<$type>>,)*
        }

        impl super::figure::Section for $name {
            fn entries(&self) -> Vec<super::figure::Entry<'_>> {
                let mut entries = Vec::new();
                $(if let Some(figure) = &self.$field {
                    entries.push(super::figure::Entry::of($key, stringify!($field), figure));
                })*
                entries
            }

            fn over(self, base: &Self) -> Self {
                Self { $($field: self.$field.or_else(|| base.$field.clone()),)* }
            }
        }
    };
}
pub(crate) use section;
