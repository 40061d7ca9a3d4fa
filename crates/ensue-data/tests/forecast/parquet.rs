//! Parquet files. Oracle of the times: pyarrow, which wrote the files in `times/` (see `generate.py`).

use std::fs::File;
use std::path::{Path, PathBuf};

use ensue_data::forecast::{Domain, ForecastImport, Source};
use polars::prelude::{Column, DataFrame, ParquetWriter};

use super::{Folder, TARGET, import, request, schema, series};

/// A file of `times/`, asked for in another order than it has.
fn times(name: &str) -> Source {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forecast/times");
    Source::new(folder.join(name), schema(TARGET))
}

fn said(name: &str, frequency: &str) -> Result<Vec<String>, String> {
    let source = times(name);
    let folder = format!("{}/", source.path.parent().unwrap().display());
    let import = import(&ForecastImport::new(Domain::Custom, frequency.parse().unwrap(), source));
    import.map(|group| series(&group)).map_err(|error| error.to_string().replace(&folder, ""))
}

#[test]
fn every_way_to_store_a_time_is_read() {
    // 2.5 of jam in the last hour of 1969, 1.5 of tea at the begin of 2019; the third row has no value.
    let hours = 429_530; // from 1969-12-31 23:00 to 2019-01-01 00:00: 17,897 days, and both ends
    for name in ["seconds", "milliseconds", "microseconds", "nanoseconds", "utc", "text"] {
        let found = said(&format!("{name}.parquet"), "H").unwrap();
        let jam = found[0].strip_prefix("jam from 1969-12-31T23:00:00: 2.5 0 ").expect(name);
        assert_eq!(jam.split(' ').count() + 2, hours, "{name}");
        assert_eq!(found[1], "tea from 2019-01-01T00:00:00: 1.5", "{name}");
    }
    let found = said("dates.parquet", "Y").unwrap();
    assert!(found[0].starts_with("jam from 1969-01-01T00:00:00: 2.5 0 "), "{found:?}");
    assert_eq!(found[1], "tea from 2019-01-01T00:00:00: 1.5");
}

#[test]
fn times_that_are_no_times_are_refused() {
    let short = "dates.parquet: row 1, column timestamp, value \"17897\": data by the hour or minute need \
                 yyyy-MM-dd HH:mm:ss";
    assert_eq!(said("dates.parquet", "H").unwrap_err(), short);
    let odd = "odd.parquet: row 1, column timestamp, value \"1500\": must fall on a whole second";
    assert_eq!(said("odd.parquet", "D").unwrap_err(), odd);
    let old = "int96.parquet: column timestamp is stored as Timestamp(Nanosecond, None) where the schema \
               says timestamp";
    assert_eq!(said("int96.parquet", "D").unwrap_err(), old);
}

fn write(folder: &Folder, columns: Vec<Column>) -> PathBuf {
    let path = folder.write("target.parquet", "");
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
    path
}

// Oracle: the same rows as CSV.
#[test]
fn parquet_gives_what_csv_gives() {
    let folder = Folder::new();
    let columns = vec![
        Column::new("timestamp".into(), ["2019-01-01", "2019-01-03 12:00:00", "2019-01-01"]),
        Column::new("target_value".into(), [Some(1.0), Some(f64::NAN), None]),
        Column::new("item_id".into(), ["tea", "tea", "jam"]),
    ];
    let source = Source::new(write(&folder, columns), schema(TARGET));
    let parquet =
        import(&ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source)).unwrap();
    let rows = "tea,2019-01-01,1 tea,2019-01-03~12:00:00,NaN jam,2019-01-01,";
    let csv = import(&request(&folder, "D", rows)).unwrap();
    assert_eq!(series(&parquet), series(&csv));
    assert_eq!(parquet.statistics[0].fields, csv.statistics[0].fields);
}

#[test]
fn columns_of_another_type_or_name_are_refused() {
    let said = |name: &str, column: Column| {
        let folder = Folder::new();
        let columns = vec![
            Column::new("item_id".into(), ["tea"]),
            Column::new("timestamp".into(), ["2019-01-01"]),
            Column::new("target_value".into(), [1_i32]),
        ];
        let others = columns.into_iter().filter(|other| other.name() != name);
        let columns = others.chain([column]).collect();
        let source = Source::new(write(&folder, columns), schema(TARGET));
        let request = ForecastImport::new(Domain::Custom, "D".parse().unwrap(), source);
        folder.message(&import(&request).unwrap_err())
    };
    let number = Column::new("timestamp".into(), [1_i64]);
    let expected =
        "target.parquet: column timestamp is stored as Int64 where the schema says timestamp";
    assert_eq!(said("timestamp", number), expected);
    let number = Column::new("item_id".into(), [1_i64]);
    let expected = "target.parquet: column item_id is stored as Int64 where the schema says string";
    assert_eq!(said("item_id", number), expected);
    let other = Column::new("item".into(), ["tea"]);
    let expected = "target.parquet: the file is missing the following columns: [item_id]";
    assert_eq!(said("item_id", other), expected);
    let infinite = Column::new("target_value".into(), [f64::INFINITY]);
    let expected = "target.parquet: row 1, column target_value, value \"inf\": must be finite, or NaN where \
                    it is missing";
    assert_eq!(said("target_value", infinite), expected);
}
