//! A part: rows as the bytes of a Parquet file, and back.

use std::fs::File;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

use super::columns::{Column, Kind};
use super::row::{Cell, Row};

/// Level of zstd: higher ones gain nothing on rows like these.
const ZSTD: i32 = 3;

/// What a part says of itself: keys and values of the file's metadata.
pub(in crate::cli::sweep) type PartTags = Vec<(&'static str, String)>;

/// The bytes of a part; equal rows and tags give equal bytes.
pub(in crate::cli::sweep) fn encode(
    columns: &[Column],
    rows: &[Row],
    tags: &PartTags,
) -> Result<Vec<u8>, ParquetError> {
    let tags = tags.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD)?))
        .set_created_by(format!("memwall {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(tags.collect()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let schema = Arc::new(parse_message_type(&message(columns))?);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for index in 0..columns.len() {
        let mut column = group.next_column()?.expect("the schema has a column for each");
        let cells: Vec<_> = rows.iter().map(|row| &row[index]).collect();
        write(&mut column, columns[index].kind, &cells)?;
        column.close()?;
    }
    group.close()?;
    file.into_inner()
}

fn message(columns: &[Column]) -> String {
    let field = |column: &Column| {
        let kind = match column.kind {
            Kind::Integer => "INT64",
            Kind::Number => "DOUBLE",
            Kind::Text => "BYTE_ARRAY",
            Kind::Switch => "BOOLEAN",
        };
        let text = if column.kind == Kind::Text { " (STRING)" } else { "" };
        format!("OPTIONAL {kind} {}{text};", column.name)
    };
    format!("message point {{ {} }}", columns.iter().map(field).collect::<Vec<_>>().join(" "))
}

fn write(
    column: &mut SerializedColumnWriter,
    kind: Kind,
    cells: &[&Cell],
) -> Result<(), ParquetError> {
    macro_rules! put {
        ($variant:ident as $type:ty, $convert:expr) => {{
            let values: Vec<_> = cells
                .iter()
                .map(|cell| match cell {
                    Cell::$variant(value) => value.as_ref(),
                    _ => unreachable!("cells are of their column's kind"),
                })
                .collect();
            let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
            let known: Vec<_> = values.into_iter().flatten().map($convert).collect();
            column.typed::<$type>().write_batch(&known, Some(&levels), None)?;
        }};
    }
    match kind {
        Kind::Integer => put!(Integer as Int64Type, |value| *value),
        Kind::Number => put!(Number as DoubleType, |value| *value),
        Kind::Switch => put!(Switch as BoolType, |value| *value),
        Kind::Text => put!(Text as ByteArrayType, |value| ByteArray::from(value.as_str())),
    }
    Ok(())
}

/// Names and values of every row of a part; of the columns `only`, if some are named.
pub(in crate::cli::sweep) fn read_rows(file: File, only: &[&str]) -> Result<Named, ParquetError> {
    let reader = SerializedFileReader::new(file)?;
    let all = reader.metadata().file_metadata().schema();
    let fields = all.get_fields().iter().filter(|field| only.contains(&field.name()));
    let wanted = Type::group_type_builder(all.name()).with_fields(fields.cloned().collect());
    let wanted = (!only.is_empty()).then(|| wanted.build()).transpose()?;
    let rows = reader.get_row_iter(wanted)?;
    rows.map(|row| {
        let row = row?;
        Ok(row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect())
    })
    .collect()
}

/// Rows of named fields.
pub(in crate::cli::sweep) type Named = Vec<Vec<(String, Field)>>;

#[cfg(test)]
mod tests {
    use super::super::columns::From;
    use super::*;

    #[test]
    fn rows_come_back_and_equal_rows_are_equal_bytes() {
        let column = |name: &str, kind| Column { name: name.into(), kind, from: From::Point };
        let columns = [
            column("a", Kind::Integer),
            column("b", Kind::Number),
            column("c", Kind::Text),
            column("d", Kind::Switch),
        ];
        let rows = [
            vec![
                Cell::Integer(Some(-3)),
                Cell::Number(Some(0.25)),
                Cell::Text(Some("x,\"ü".into())),
                Cell::Switch(Some(true)),
            ],
            vec![Cell::Integer(None), Cell::Number(None), Cell::Text(None), Cell::Switch(None)],
        ];
        let tags = vec![("spec_hash", "1".to_owned())];
        let bytes = encode(&columns, &rows, &tags).unwrap();
        assert_eq!(bytes, encode(&columns, &rows, &tags).unwrap());
        let path = std::env::temp_dir().join(format!("memwall-part-{}", std::process::id()));
        std::fs::write(&path, &bytes).unwrap();
        let back = read_rows(File::open(&path).unwrap(), &[]).unwrap();
        let only = read_rows(File::open(&path).unwrap(), &["c"]).unwrap();
        std::fs::remove_file(&path).unwrap();
        let fields: Vec<_> = back[0].iter().map(|(_, field)| field.clone()).collect();
        let text = Field::Str("x,\"ü".into());
        assert_eq!(fields, [Field::Long(-3), Field::Double(0.25), text.clone(), Field::Bool(true)]);
        assert!(back[1].iter().all(|(_, field)| *field == Field::Null));
        assert_eq!(only[0], [("c".to_owned(), text)]);
    }
}
