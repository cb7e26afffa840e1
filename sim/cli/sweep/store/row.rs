//! One point as a row.

use serde_json::Value;

use super::columns::{Column, From, Kind};
use crate::report::{RunDocument, round6};
use crate::sweep::{Point, Setting};

/// A value of a row; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli::sweep) enum Cell {
    Integer(Option<i64>),
    Number(Option<f64>),
    Text(Option<String>),
    Switch(Option<bool>),
}

/// The cells of a point, in the order of the columns.
pub(in crate::cli::sweep) type Row = Vec<Cell>;

/// The row of a point that gave a document, or could not be: its state and the reason.
pub(in crate::cli::sweep) fn row_of(
    columns: &[Column],
    point: &Point,
    end: &Result<RunDocument, (&'static str, String)>,
) -> Row {
    let document = end.as_ref().ok();
    let value = document
        .map(|document| serde_json::to_value(document).expect("documents have string keys"));
    columns
        .iter()
        .map(|column| {
            let setting = |key: &str| of_setting(column.kind, point.get(key));
            match &column.from {
                From::Point => of_point(column, point, end),
                From::Setting(key) => setting(key),
                From::Document(path) => match &value {
                    Some(value) => of_value(column.kind, at(value, path)),
                    None => setting(&column.name.replace('_', "-")),
                },
                From::Band(figure, end) => Cell::Number(document.and_then(|document| {
                    let band = document.bands.get(figure)?;
                    if *end == "low" { band.low } else { band.high }.map(round6)
                })),
            }
        })
        .collect()
}

fn of_point(
    column: &Column,
    point: &Point,
    end: &Result<RunDocument, (&'static str, String)>,
) -> Cell {
    let failure = end.as_ref().err();
    match column.name.as_str() {
        "point" => Cell::Integer(Some(point.number.cast_signed())),
        "seed" => Cell::Integer(Some(point.seed.cast_signed())),
        "state" => Cell::Text(Some(failure.map_or("done", |(state, _)| state).to_owned())),
        _ => Cell::Text(failure.map(|(_, reason)| reason.clone())),
    }
}

fn of_setting(kind: Kind, setting: Option<&Setting>) -> Cell {
    let number = || setting.and_then(Setting::measure).map(|measure| measure.number);
    match kind {
        Kind::Integer => Cell::Integer(number().map(|number| number as i64)),
        Kind::Number => Cell::Number(number().map(round6)),
        Kind::Text => Cell::Text(setting.map(ToString::to_string)),
        Kind::Switch => Cell::Switch(match setting {
            Some(Setting::Switch(on)) => Some(*on),
            _ => None,
        }),
    }
}

fn at<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, key| match value {
        Value::Array(places) => places.get(key.parse::<usize>().ok()?),
        other => other.get(key),
    })
}

fn of_value(kind: Kind, value: Option<&Value>) -> Cell {
    let value = value.filter(|value| !value.is_null());
    match kind {
        Kind::Integer => Cell::Integer(value.and_then(Value::as_i64)),
        Kind::Number => Cell::Number(value.and_then(Value::as_f64).map(round6)),
        Kind::Switch => Cell::Switch(value.and_then(Value::as_bool)),
        Kind::Text => Cell::Text(value.map(|value| match value {
            Value::String(text) => text.clone(),
            Value::Array(texts) => {
                texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
            }
            other => other.to_string(),
        })),
    }
}
