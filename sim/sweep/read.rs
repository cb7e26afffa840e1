//! Reading a sweep's file; every complaint names its line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::axis::{Axis, Scale, Span};
use super::constraint::{Constraint, GPUS};
use super::error::SweepError;
use super::setting::Setting;
use super::spec::{Blocks, Draws, SweepSpec};
use crate::hardware::nearest;

/// Most combinations of axes: they are numbered one by one where there are constraints.
const MOST_COMBINATIONS: u64 = 100_000_000;

/// Most draws, whose strata are kept in memory.
const MOST_DRAWS: i64 = 10_000_000;

const KEYS: [&str; 9] =
    ["name", "seed", "part-points", "where", "base", "list", "grid", "random", "latin"];

/// Whether a flag of `run` exists and takes a value; the message says what is wrong and what to do.
type Check<'a> = &'a dyn Fn(&str, &Setting) -> Result<(), String>;

/// A complaint with the bytes that it is about.
type Wrong = (Range<usize>, String);

type Value<'a> = Spanned<DeValue<'a>>;

impl SweepSpec {
    /// Reads the file's `text`. `check` knows the flags of `run`; figures of the chip,
    /// `figure.memory.pin_rate`, come to it too.
    pub fn read(file: &str, text: &str, check: Check) -> Result<Self, SweepError> {
        let placed = |(span, problem): Wrong| {
            let line = Some(1 + text[..span.start.min(text.len())].matches('\n').count());
            SweepError { file: file.into(), line, problem }
        };
        let table = DeTable::parse(text).map_err(|error| {
            placed((error.span().unwrap_or_default(), error.message().trim().to_owned()))
        })?;
        let mut spec = top(table.get_ref(), check).map_err(placed)?;
        spec.file = file.into();
        if spec.name.is_empty() {
            let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
            spec.name = name.trim_end_matches(".toml").into();
        }
        let whole = |problem| SweepError { file: file.into(), line: None, problem };
        let combinations = spec.combinations().filter(|&count| count <= MOST_COMBINATIONS);
        combinations.map(|_| spec).ok_or_else(|| {
            whole(format!(
                "the axes have more than {MOST_COMBINATIONS} combinations; shorten some, or draw \
                 points with [latin] instead of a [grid]"
            ))
        })
    }
}

fn top(table: &DeTable, check: Check) -> Result<SweepSpec, Wrong> {
    let mut spec = SweepSpec {
        file: String::new(),
        name: String::new(),
        seed: 0,
        part_points: None,
        base: Vec::new(),
        blocks: Blocks::default(),
        constraints: Vec::new(),
    };
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => spec.name = text(value)?,
            "seed" => spec.seed = integer(value, 0, i64::MAX)? as u64,
            "part-points" => spec.part_points = Some(integer(value, 1, 1 << 20)? as u64),
            "where" => spec.constraints = constraints(value)?,
            "base" => spec.base = settings(value, check)?,
            "list" => {
                let rows = array(value)?.iter();
                spec.blocks.list =
                    rows.map(|row| settings(row, check)).collect::<Result<_, _>>()?;
            }
            "grid" => spec.blocks.grid = grid(value, check)?,
            kind @ ("random" | "latin") if spec.blocks.draws.is_none() => {
                spec.blocks.draws = Some(draws(value, kind == "latin", check)?);
            }
            "random" | "latin" => {
                let problem = "a sweep draws by [random] or by [latin], not by both";
                return Err((key.span(), format!("{problem}; put all axes into one of them")));
            }
            other => return Err((key.span(), unknown(other))),
        }
    }
    if spec.axes().is_empty() {
        let problem = "there is no axis, so that all points would be one; add some below [grid], \
                       [[list]], [random] or [latin], or use `memwall run`";
        return Err((0..0, problem.into()));
    }
    twice(table)?;
    known_in_where(&spec, table)?;
    Ok(spec)
}

fn unknown(key: &str) -> String {
    let meant = nearest(key, KEYS).map_or(String::new(), |near| format!(" did you mean `{near}`?"));
    format!(
        "unknown key `{key}`;{meant} a sweep has {}; flags of `run` stand below [base], [grid], \
         [[list]], [random] or [latin]",
        KEYS.join(", ")
    )
}

/// No key may be an axis in two places: which of them counts would be left to chance.
fn twice(table: &DeTable) -> Result<(), Wrong> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for block in ["list", "grid", "random", "latin"] {
        let Some(value) = table.get(block) else { continue };
        let rows: Vec<&Value> = match value.get_ref() {
            DeValue::Array(rows) => rows.iter().collect(),
            _ => vec![value],
        };
        for (key, value) in rows.into_iter().flat_map(|row| flat(row).unwrap_or_default()) {
            if seen.iter().any(|(known, other)| *known == key && *other != block) {
                let problem = format!("`{key}` is an axis twice; leave one of them out");
                return Err((value.span(), problem));
            }
            seen.push((key, block));
        }
    }
    Ok(())
}

/// Words at the left of a comparison must be keys of the sweep.
fn known_in_where(spec: &SweepSpec, table: &DeTable) -> Result<(), Wrong> {
    let span = table.get("where").map(Spanned::span).unwrap_or_default();
    let axes = spec.axes();
    for (word, is_left) in spec.constraints.iter().flat_map(Constraint::words) {
        let is_axis = axes.iter().any(|(key, _)| key == word);
        let is_base = spec.base.iter().any(|(key, _)| key == word);
        if is_left && !is_axis && !is_base && word != GPUS {
            let problem = format!(
                "`where` speaks of `{word}`, which this sweep does not set; use one of its keys, \
                 or `{GPUS}` for the chips of a replica"
            );
            return Err((span, problem));
        }
    }
    Ok(())
}

fn constraints(value: &Value) -> Result<Vec<Constraint>, Wrong> {
    let one = |value: &Value| Constraint::read(&text(value)?).map_err(|why| (value.span(), why));
    match value.get_ref() {
        DeValue::Array(values) => values.iter().map(one).collect(),
        _ => Ok(vec![one(value)?]),
    }
}

/// Keys with their values; the tables of `figure.memory.pin_rate` are one key.
fn flat<'a, 'b>(value: &'b Value<'a>) -> Result<Vec<(String, &'b Value<'a>)>, Wrong> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err((value.span(), "expected a table of keys, such as [base]".into()));
    };
    let mut keys = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        match value.get_ref() {
            DeValue::Table(inner) if !inner.contains_key("from") => {
                let below = flat(value)?.into_iter();
                keys.extend(below.map(|(below, value)| (format!("{name}.{below}"), value)));
            }
            _ => keys.push((name, value)),
        }
    }
    Ok(keys)
}

fn settings(value: &Value, check: Check) -> Result<Vec<(String, Setting)>, Wrong> {
    let keys = flat(value)?.into_iter();
    keys.map(|(key, value)| {
        let setting = setting(value)?;
        check(&key, &setting).map_err(|why| (value.span(), why))?;
        Ok((key, setting))
    })
    .collect()
}

fn grid(value: &Value, check: Check) -> Result<Vec<(String, Vec<Setting>)>, Wrong> {
    let keys = flat(value)?.into_iter();
    keys.map(|(key, value)| {
        let values = match (axis(value)?, value.get_ref()) {
            (Axis::Values(values), _) => values,
            (Axis::Span(span), DeValue::Table(table)) => steps(&span, table, value)?,
            _ => unreachable!("spans are tables"),
        };
        checked(&key, &values, value, check)?;
        Ok((key, values))
    })
    .collect()
}

fn steps(span: &Span, table: &DeTable, value: &Value) -> Result<Vec<Setting>, Wrong> {
    let steps = table.get("steps").ok_or_else(|| {
        (value.span(), "a span in [grid] needs `steps`, such as `steps = 5`".to_owned())
    })?;
    let steps = integer(steps, 2, 1_000_000)?;
    let mut values: Vec<_> =
        (0..steps).map(|step| span.at(step as f64 / (steps - 1) as f64)).collect();
    // Whole numbers may meet where steps are narrow.
    values.dedup();
    Ok(values)
}

fn draws(value: &Value, latin: bool, check: Check) -> Result<Draws, Wrong> {
    let mut axes = Vec::new();
    let mut count = None;
    for (key, value) in flat(value)? {
        if key == "count" {
            count = Some(integer(value, 1, MOST_DRAWS)? as u64);
            continue;
        }
        let axis = axis(value)?;
        checked(&key, &axis.samples(), value, check)?;
        axes.push((key, axis));
    }
    let missing = || (value.span(), "how many points? add `count = 100`".to_owned());
    Ok(Draws { latin, count: count.ok_or_else(missing)?, axes })
}

fn checked(key: &str, values: &[Setting], value: &Value, check: Check) -> Result<(), Wrong> {
    values.iter().try_for_each(|one| check(key, one).map_err(|why| (value.span(), why)))
}

fn axis(value: &Value) -> Result<Axis, Wrong> {
    match value.get_ref() {
        DeValue::Array(values) if values.is_empty() => {
            Err((value.span(), "an axis without values leaves no point; give some".into()))
        }
        DeValue::Array(values) => {
            values.iter().map(setting).collect::<Result<_, _>>().map(Axis::Values)
        }
        DeValue::Table(table) => span(table, value).map(Axis::Span),
        _ => Ok(Axis::Values(vec![setting(value)?])),
    }
}

fn span(table: &DeTable, value: &Value) -> Result<Span, Wrong> {
    let wanted = || {
        let example = "{ from = 1, to = 64, steps = 4, scale = \"log\" }";
        (value.span(), format!("a span has `from` and `to`, as in `{example}`"))
    };
    let known = ["from", "to", "steps", "scale"];
    if let Some((key, _)) = table.iter().find(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
        let problem = format!("unknown key `{}`; a span has {}", key.get_ref(), known.join(", "));
        return Err((key.span(), problem));
    }
    let end = |key: &str| setting(table.get(key).ok_or_else(wanted)?);
    let (from, to) = (end("from")?, end("to")?);
    let whole = matches!((&from, &to), (Setting::Integer(_), Setting::Integer(_)));
    let scale = match table.get("scale").map(text).transpose()?.as_deref() {
        None | Some("linear") => Scale::Linear,
        Some("log") => Scale::Log,
        Some(other) => {
            let problem = format!("`scale = \"{other}\"` is unknown; write \"linear\" or \"log\"");
            return Err((value.span(), problem));
        }
    };
    let (Some(from), Some(to)) = (from.measure(), to.measure()) else { return Err(wanted()) };
    if (&from.prefix, &from.suffix) != (&to.prefix, &to.suffix) {
        let problem = format!("`{from}` and `{to}` have different units; write both in one");
        return Err((value.span(), problem));
    }
    if from.number >= to.number || (scale == Scale::Log && from.number <= 0.0) {
        let problem = "a span runs from the lower to the higher number, above 0 if by \"log\"";
        return Err((value.span(), format!("{problem}; mend `from` and `to`")));
    }
    Ok(Span { from, to: to.number, scale, whole })
}

fn setting(value: &Value) -> Result<Setting, Wrong> {
    let number = "a number that fits 64 bits".to_owned();
    Ok(match value.get_ref() {
        DeValue::String(text) => Setting::Text(text.to_string()),
        DeValue::Boolean(on) => Setting::Switch(*on),
        DeValue::Integer(digits) => Setting::Integer(
            i64::from_str_radix(digits.as_str(), digits.radix())
                .map_err(|_| (value.span(), number))?,
        ),
        DeValue::Float(digits) => {
            Setting::Number(digits.as_str().parse().map_err(|_| (value.span(), number))?)
        }
        DeValue::Array(values) => Setting::Many(values.iter().map(text).collect::<Result<_, _>>()?),
        _ => return Err((value.span(), "expected a text, a number or a switch".into())),
    })
}

fn text(value: &Value) -> Result<String, Wrong> {
    let text = value.get_ref().as_str().map(ToOwned::to_owned);
    text.ok_or_else(|| (value.span(), "expected a text in quotation marks".into()))
}

fn array<'a, 'b>(value: &'b Value<'a>) -> Result<&'b [Value<'a>], Wrong> {
    match value.get_ref() {
        DeValue::Array(values) => Ok(values),
        _ => Err((value.span(), "write `[[list]]`, once for each row".into())),
    }
}

fn integer(value: &Value, least: i64, most: i64) -> Result<i64, Wrong> {
    match setting(value)? {
        Setting::Integer(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err((value.span(), format!("expected a whole number from {least} to {most}"))),
    }
}
