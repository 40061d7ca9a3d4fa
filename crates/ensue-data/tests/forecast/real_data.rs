//! Real files, found through `ENSUE_DATASETS`; without it these tests are ignored, and say so.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use ensue_data::forecast::{Domain, Era, Featurization, Filling, ForecastImport, Rules, Source};

use super::{import, schema};

fn file(name: &str, fields: &str) -> Source {
    let folder = std::env::var_os("ENSUE_DATASETS").expect("ENSUE_DATASETS names a folder");
    Source::new(Path::new(&folder).join(name), schema(fields))
}

// Oracle: the file's note (3 clients, 23,973 rows) and sums of its columns by awk.
#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn electricity_of_three_clients_imports_without_a_header() {
    let fields = "timestamp timestamp, target_value float, item_id string";
    let source = file("electricity-10/item-demand-time.csv.gz", fields);
    let request = ForecastImport::new(Domain::Custom, "H".parse().unwrap(), source);
    let group = import(&request).unwrap();
    assert_eq!(group.statistics[0].rows, 23_973);
    assert_eq!((group.aggregated_rows, group.warnings.len()), (0, 0));
    let frequency = group.panel.frequency();
    for (item, sum) in [("client_10", 313_904), ("client_111", 226_100), ("client_12", 669_370)] {
        let at = group.panel.position(&[item]).unwrap();
        let series = &group.panel.series()[at];
        assert_eq!((series.len(), series.observed()), (7_991, 7_991), "{item}");
        assert_eq!(frequency.start_of(series.start()).to_string(), "2014-01-01T01:00:00");
        assert_eq!(frequency.start_of(series.end()).to_string(), "2014-11-30T00:00:00");
        let found: f64 = series.target().iter().sum();
        assert_eq!(found.round() as i64, sum, "{item}");
    }
}

/// A file with some columns of the bicycles alone.
fn columns(folder: &Path, name: &str, wanted: &[usize]) -> PathBuf {
    let source = std::env::var_os("ENSUE_DATASETS").expect("ENSUE_DATASETS names a folder");
    let file = std::fs::File::open(Path::new(&source).join("bike-hourly/bike.csv.gz")).unwrap();
    let lines = BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let text: String = lines
        .map(|line| {
            let line = line.unwrap();
            let cells: Vec<_> = line.split(',').collect();
            let row: Vec<_> = wanted.iter().map(|&at| cells[at]).collect();
            row.join(",") + "\n"
        })
        .collect();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

// Oracle: the file's note (10,886 rows by the hour) and the sum of its column by awk (2,085,476). The data
// have gaps, the last days of each month, which are zero in the target and an error in the weather.
#[test]
#[cfg_attr(not(ensue_datasets), ignore = "needs ENSUE_DATASETS")]
fn bicycles_import_with_their_weather() {
    let folder = tempfile::tempdir().unwrap();
    let fields = "timestamp timestamp, target_value float, item_id string";
    let target = columns(folder.path(), "target.csv", &[0, 11, 12]);
    let target = Source::new(target, schema(fields));
    let fields = "timestamp timestamp, workingday integer, temperature float, humidity float, item_id string";
    let related = columns(folder.path(), "related.csv", &[0, 3, 5, 7, 12]);
    let related = Source::new(related, schema(fields));
    let request = ForecastImport::new(Domain::Custom, "H".parse().unwrap(), target);
    let group = import(&request).unwrap();
    let bike = &group.panel.series()[0];
    assert_eq!((group.panel.len(), group.statistics[0].rows), (1, 10_886));
    assert_eq!(bike.target().iter().sum::<f64>(), 2_085_476.0);
    // 2011-01-01 00:00 to 2012-12-19 23:00 are 719 days.
    assert_eq!(bike.len(), 719 * 24);
    assert_eq!(bike.target().iter().filter(|&&rented| rented > 0.0).count(), 10_886);

    let request = request.with_related(related);
    let refused = import(&request).unwrap_err().to_string();
    let expected = "feature workingday, 2011-01-02 05:00:00: the related series has a gap";
    assert!(refused.contains(expected), "{refused}");
    let old = Rules { era: Era::Y2019, ..Rules::default() };
    assert!(import(&request.clone().with_rules(old)).is_err());
    let fillings = ["workingday", "temperature", "humidity"].map(|name| Featurization {
        middlefill: Some(Filling::Median),
        ..Featurization::new(name)
    });
    let rules = Rules { featurizations: fillings.to_vec(), ..Rules::default() };
    let group = import(&request.with_rules(rules)).unwrap();
    assert_eq!(group.panel.related(), ["workingday", "temperature", "humidity"]);
    assert_eq!(group.statistics[1].rows, 10_886);
    for row in group.panel.series()[0].related() {
        assert_eq!((row.len(), row.iter().any(|value| value.is_nan())), (719 * 24, false));
    }
}
