//! `--vary`: beside each chip the same with other figures.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::check_setting;
use super::point::absolute;
use crate::cli::{CliError, Shell};
use crate::cluster::Order;
use crate::cost::OpFamily;
use crate::hardware::Catalog;
use crate::sweep::Setting;

/// Most variations of one chip: a ladder is read, not searched.
const MOST: usize = 64;

/// Not a figure of the chip: how many times as fast its host is, of which only multiples are known.
const HOST_SPEED: &str = "host.speed";

/// A figure and the values that it is to take.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    path: String,
    values: Vec<Setting>,
}

/// Reads `memory.stacks=4..16`, `memory.stacks=4..16/4`, `memory.pin_rate=x0.8,x1.2`.
pub(super) fn axis(text: &str) -> Result<Axis, String> {
    const FORM: &str = "write memory.stacks=4..16, memory.stacks=4..16/4, or \
                        memory.pin_rate=x0.8,x1.2";
    let (path, values) = text.split_once('=').ok_or(FORM)?;
    let values: Vec<Setting> = match values.split_once("..") {
        Some((first, last)) => whole_numbers(first, last).ok_or(FORM)?,
        None => values.split(',').map(|value| setting(value.trim())).collect(),
    };
    if (1..values.len()).any(|place| values[..place].contains(&values[place])) {
        return Err("give every value once".into());
    }
    let is_empty = |value: &Setting| matches!(value, Setting::Text(text) if text.is_empty());
    if path.is_empty() || values.is_empty() || values.iter().any(is_empty) {
        return Err(FORM.into());
    }
    Ok(Axis { path: path.trim().to_owned(), values })
}

/// From `first` to `last`, both included, in steps of what may follow a slash.
fn whole_numbers(first: &str, last: &str) -> Option<Vec<Setting>> {
    let (last, step) = last.split_once('/').unwrap_or((last, "1"));
    let [first, last, step] = [first, last, step].map(|number| number.trim().parse::<i64>().ok());
    let step = usize::try_from(step?).ok().filter(|&step| step > 0)?;
    let (first, last) = (first?, last?);
    let numbers = (first..=last).step_by(step).take(MOST + 1);
    let numbers: Vec<Setting> = numbers.map(Setting::Integer).collect();
    // A step beyond the last is a slip.
    (numbers.len() > 1 || first == last).then_some(numbers)
}

fn setting(text: &str) -> Setting {
    let whole = text.parse().map(Setting::Integer).ok();
    let number = || text.parse().map(Setting::Number).ok();
    whole.or_else(number).unwrap_or_else(|| Setting::Text(text.to_owned()))
}

/// Chips with their variations.
pub(super) struct Varied {
    /// The catalogue with every variation in it.
    pub(super) catalog: Catalog,
    /// The names of all, each chip before its variations.
    pub(super) names: Vec<String>,
    /// How many times as fast hosts are, by name of the variation.
    host_speed: BTreeMap<String, f64>,
}

impl Varied {
    /// `order` with the host of its chip.
    pub(super) fn hosted<'a>(&self, mut order: Order<'a>) -> Order<'a> {
        let factor = self.host_speed.get(&order.chip.name).copied().unwrap_or(1.0);
        order.stretch[OpFamily::Host] /= factor;
        order
    }
}

/// `chips` of `catalog`, and their variations along `axes`.
pub(super) fn varied(
    catalog: Catalog,
    chips: &[String],
    axes: &[Axis],
    shell: &Shell,
) -> Result<Varied, CliError> {
    let mut host_speed = BTreeMap::new();
    if axes.is_empty() {
        return Ok(Varied { catalog, names: chips.to_vec(), host_speed });
    }
    for axis in axes {
        if axis.path == HOST_SPEED {
            if let Some(wrong) = axis.values.iter().find(|value| host_factor(value).is_none()) {
                let problem = format!("{wrong} is no multiple of the host's speed: x0.5, x2");
                return Err(refused(&axis.path, problem));
            }
            continue;
        }
        let key = format!("figure.{}", axis.path);
        for value in &axis.values {
            check_setting(&catalog, shell, &key, value)
                .map_err(|problem| refused(&axis.path, problem))?;
        }
    }
    let ways = combined(axes);
    if ways.len() > MOST {
        let problem = format!("{} variations of a chip are more than {MOST}", ways.len());
        let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
        return Err(refused(&paths.join(", "), problem));
    }
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for name in chips {
        names.push(name.clone());
        for way in &ways {
            let (name, text) = variation(&catalog, name, way)?;
            texts.push((format!("--vary {name}"), text));
            let host = way.iter().find(|(path, _)| *path == HOST_SPEED);
            if let Some(factor) = host.and_then(|(_, value)| host_factor(value)) {
                host_speed.insert(name.clone(), factor);
            }
            names.push(name);
        }
    }
    Ok(Varied { catalog: catalog.overlaid(&texts)?, names, host_speed })
}

/// The multiple that `value` is of a host's speed.
fn host_factor(value: &Setting) -> Option<f64> {
    let measure = value.measure().filter(|measure| measure.prefix == "x")?;
    Some(measure.number).filter(|&factor| factor > 0.0 && measure.suffix.is_empty())
}

fn refused(value: &str, problem: String) -> CliError {
    CliError::Flag {
        flag: "--vary",
        value: value.to_owned(),
        problem,
        remedy: "name a figure of the chip and its values: memory.stacks=4..16".into(),
    }
}

/// Every way to take one value of each axis, the last varying fastest.
fn combined(axes: &[Axis]) -> Vec<Vec<(&str, &Setting)>> {
    axes.iter().fold(vec![Vec::new()], |ways, axis| {
        let longer = |way: &Vec<_>| {
            let way = way.clone();
            axis.values.iter().map(move |value| {
                let mut way = way.clone();
                way.push((axis.path.as_str(), value));
                way
            })
        };
        ways.iter().flat_map(longer).collect()
    })
}

/// Name and text of a variation of the chip called `base`.
fn variation(
    catalog: &Catalog,
    base: &str,
    way: &[(&str, &Setting)],
) -> Result<(String, String), CliError> {
    let chip = catalog.chip(base)?;
    let short = |path: &str| match path {
        HOST_SPEED => path.replace('.', " "),
        _ => path.rsplit('.').next().unwrap_or(path).replace('_', " "),
    };
    let said: Vec<String> =
        way.iter().map(|(path, value)| format!("{} {value}", short(path))).collect();
    let said = said.join(", ");
    let name = slug(&format!("{} {said}", chip.name));
    let title = format!("{}, {said}", chip.title);
    let mut text = format!("name = {name:?}\ntitle = {title:?}\nbase = {:?}\n", chip.name);
    for (path, value) in way.iter().filter(|(path, _)| *path != HOST_SPEED) {
        let value = absolute(catalog, &chip.name, path, value)?;
        writeln!(
            text,
            "{path} = {{ value = {value}, class = \"estimate\", source = \"what if\" }}"
        )
        .expect("a String takes every write");
    }
    Ok((name, text))
}

/// Lower case, with hyphens for all but letters, digits and points.
fn slug(text: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let words = text.to_lowercase().chars().map(keep).collect::<String>();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_ranges_or_lists() {
        let values = |text| axis(text).expect("it is an axis").values;
        let whole = |numbers: &[i64]| numbers.iter().copied().map(Setting::Integer).collect();
        let expected: Vec<Setting> = whole(&[4, 8, 12]);
        assert_eq!(values("memory.stacks=4..12/4"), expected);
        assert_eq!(values("memory.stacks=12,8").len(), 2);
        assert_eq!(values("a=x0.5")[0], Setting::Text("x0.5".into()));
        assert_eq!(values("a=1.5")[0], Setting::Number(1.5));
        for wrong in [
            "memory.stacks",
            "=4",
            "a=",
            "a=1,,2",
            "a=1,1",
            "a=4..16/13",
            "a=9..4",
            "a=1..2/0",
            "a=x..y",
        ] {
            assert!(axis(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn two_axes_are_combined() {
        let axes = [axis("a=1,2").unwrap(), axis("b=3,4,5").unwrap()];
        let ways = combined(&axes);
        assert_eq!(ways.len(), 6);
        assert_eq!(ways[1], [("a", &Setting::Integer(1)), ("b", &Setting::Integer(4))]);
    }

    #[test]
    fn variations_have_names_of_their_own() {
        let catalog = Catalog::embedded();
        let value = Setting::Text("x1.5".into());
        let (name, text) = variation(&catalog, "B200", &[("memory.pin_rate", &value)]).unwrap();
        assert_eq!(name, "b200-sxm-pin-rate-x1.5");
        assert_eq!(host_factor(&value), Some(1.5));
        let (_, host) = variation(&catalog, "B200", &[(HOST_SPEED, &value)]).unwrap();
        let texts = [("vary".into(), text), ("host".into(), host)];
        let catalog = catalog.overlaid(&texts).unwrap();
        let [more, own] =
            [&name, "b200-sxm"].map(|name| catalog.chip(name).unwrap().memory.bandwidth.get());
        assert!((more / own - 1.5).abs() < 1e-9);
    }
}
