use ensue_core::{Frequency, Panel, Run, Seed, Series};
use ensue_testkit::well_formed;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{
    AnyAlgorithm, ForecastType, Predictor, PredictorSettings,
    algorithms::npts::{KernelType, Npts},
};

const NAN: f64 = f64::NAN;

fn types(names: &[&str]) -> Vec<ForecastType> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// Days from 2019-02-01 on: one whole series, one with two gaps, one too short to be measured.
fn panel() -> Panel {
    let start = Frequency::DAILY.step_of(date(2019, 2, 1).at(0, 0, 0, 0));
    let whole: Vec<f64> = (0..40).map(|t| f64::from(t % 7 + 3)).collect();
    let mut gaps = whole.clone();
    (gaps[20], gaps[37]) = (NAN, NAN);
    let series = [
        Series::new(["<tea> & \"co\"", "north"], start, whole),
        Series::new(["jam", "south"], start, gaps),
        Series::new(["new", "south"], start + 38, vec![4.0, 5.0]),
    ];
    let dimensions = vec!["item_id".to_owned(), "shop".to_owned()];
    let (none, features, reals) = (Vec::new(), Vec::new(), Vec::new());
    Panel::with(Frequency::DAILY, dimensions, none, features, reals, series.into()).unwrap()
}

fn predictor() -> Predictor {
    let climate = Npts { kernel_type: KernelType::Uniform, ..Npts::default() };
    PredictorSettings::new(climate, 4)
        .with_windows(2)
        .with_forecast_types(types(&["0.1", "0.25", "0.75", "0.9", "mean"]))
        .train(&panel(), &mut Run::new("ndarray"))
        .unwrap()
}

/// How many elements have a class. The legend counts, too.
fn marks(svg: &str, class: &str) -> usize {
    svg.matches(&format!("class=\"{class}\"")).count()
}

/// Numbers of the path of the first element with a class and a hover text.
fn path(svg: &str, class: &str, says: &str) -> Vec<f64> {
    let wanted = |line: &&str| {
        line.contains(&format!("class=\"{class}\"")) && line.contains(&format!("<title>{says}<"))
    };
    let line = svg.lines().find(wanted).unwrap();
    let data = line.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let numbers = data.split(['M', 'L', 'Z', ' ']).filter(|number| !number.is_empty());
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn a_fan_has_history_bands_and_dates() {
    // Oracle: by counting. Two bands, a mean and the history, each once and once in the legend; 30 days of history and 4 of
    // forecast, which begins on 13 March; names are escaped.
    let forecast = predictor().create_forecast(&panel(), Seed(0)).unwrap();
    let chart = forecast.chart(&panel(), &["<tea> & \"co\"", "north"]).unwrap();
    assert_eq!(well_formed(&chart), Ok(()));
    assert!(chart.contains("&lt;tea&gt; &amp; &quot;co&quot;, north: forecast by NPTS</text>"));
    // The inner band lies over the outer one, and looks so in the legend.
    assert_eq!(marks(&chart, "band"), 2 + 1 + 2);
    for (class, count) in [("mean", 1), ("seen", 1), ("middle", 0)] {
        assert_eq!(marks(&chart, class), 2 * count, "{class}");
    }
    assert_eq!(marks(&chart, "split"), 1);
    assert!(chart.contains("<title>p10 to p90<") && chart.contains("<title>p25 to p75<"));
    assert!(chart.find("p10 to p90").unwrap() < chart.find("p25 to p75").unwrap());
    assert!(chart.contains(">2019-02-14<") && chart.contains(">2019-03-14<"));
    assert!(!chart.contains("without observation"));
    assert_eq!(path(&chart, "seen", "observed").len(), 2 * 30);
    assert_eq!(path(&chart, "band", "p10 to p90").len(), 2 * 2 * 4);
    let mean = path(&chart, "mean", "mean");
    assert_eq!(mean.len(), 2 * 4);
    // The frame is 642 pixels wide within its room: 33 days from the first to the last.
    assert!((mean[0] - (86.0 + 642.0 * 30.0 / 33.0)).abs() < 0.01 && mean[6] == 728.0, "{mean:?}");
}

#[test]
fn gaps_break_lines_and_are_counted() {
    // Oracle: by counting; of the last 30 of 40 days the 20th and the 37th have no value: three pieces.
    let forecast = predictor().create_forecast(&panel(), Seed(0)).unwrap();
    let chart = forecast.chart(&panel(), &["jam", "south"]).unwrap();
    assert_eq!(marks(&chart, "seen"), 3 + 1);
    assert!(chart.contains(">2 steps without observation<"));
    // Two values are a line, and what is not known is no zero.
    let chart = forecast.chart(&panel(), &["new", "south"]).unwrap();
    assert_eq!(path(&chart, "seen", "observed").len(), 4);
}

#[test]
fn a_backtest_shows_every_window() {
    // Oracle: by counting; two windows of four days, of which the newer one has a gap in "jam".
    let predictor = predictor();
    let chart = predictor.backtest_chart(&["jam", "south"]).unwrap();
    assert_eq!(well_formed(&chart), Ok(()));
    assert!(chart.contains("jam, south: backtest of NPTS<"));
    assert_eq!(marks(&chart, "band"), 2 * 2 + 1 + 2);
    assert_eq!(marks(&chart, "mean"), 2 + 1);
    // The first window whole, then a day, the gap, and two days.
    assert_eq!((marks(&chart, "seen"), marks(&chart, "point")), (2 + 1, 1));
    assert_eq!(marks(&chart, "split"), 1);
    assert!(chart.contains(">1 step without observation<") && chart.contains(">2019-03-05<"));
    let nothing = predictor.backtest_chart(&["new", "south"]).unwrap();
    assert_eq!(well_formed(&nothing), Ok(()));
    assert!(nothing.contains("No backtest window has been measured for this item."));
}

#[test]
fn who_is_not_there_is_not_drawn() {
    // Oracle: the variants of the error.
    let (predictor, other) = (predictor(), ["tea", "east"]);
    let key: Vec<String> = owned(&other);
    let forecast = predictor.create_forecast(&panel(), Seed(0)).unwrap();
    let expected = ChartError::NoForecast { key: key.clone() };
    assert_eq!(forecast.chart(&panel(), &other).unwrap_err(), expected);
    assert_eq!(predictor.backtest_chart(&other).unwrap_err(), expected);
    let jam = ["jam", "south"];
    let empty = panel().cut(0);
    let without = Panel::with(
        Frequency::DAILY,
        empty.dimensions().to_vec(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        empty.series()[..1].to_vec(),
    );
    let expected = ChartError::NoSeries { key: owned(&jam) };
    assert_eq!(forecast.chart(&without.unwrap(), &jam).unwrap_err(), expected);
    let weekly = Panel::new(Frequency::WEEKLY, vec![Series::new(["jam"], 0, vec![1.0])]).unwrap();
    let expected = ChartError::Frequency { found: Frequency::WEEKLY, expected: Frequency::DAILY };
    assert_eq!(forecast.chart(&weekly, &jam).unwrap_err(), expected);
}

#[test]
fn quantiles_pair_from_the_outside_in_and_one_step_has_a_width() {
    // Oracle: by hand; the median is a line wherever it stands among the types, and so is the quantile in the middle.
    let draw = |names: &[&str], values: &[f64]| {
        let types = types(names);
        let rows = values.iter().map(std::slice::from_ref).collect();
        let picture = Picture {
            title: "One".to_owned(),
            frequency: Frequency::YEARLY,
            types: &types,
            seen: Vec::new(),
            fans: vec![Fan { first: 49, rows }],
            nothing: "",
        };
        picture.draw()
    };
    let chart = draw(&["0.9", "0.5", "0.1"], &[9.0, 5.0, 1.0]);
    assert_eq!((marks(&chart, "band"), marks(&chart, "middle")), (2, 1));
    assert!(chart.contains("<title>p10 to p90<") && chart.contains(">2019<"));
    // One step in the middle of the axis, whose band is eight tenths of a step wide.
    let band = path(&chart, "band", "p10 to p90");
    assert!((band[0] - (407.0 - 0.4 * 642.0)).abs() < 0.01, "{band:?}");
    let chart = draw(&["0.6", "0.7", "0.8", "mean"], &[6.0, 7.0, 8.0, 7.5]);
    assert!(chart.contains("<title>p60 to p80<") && chart.contains("<title>p70<"));
    // Beside the median, the one that has no partner is a line, too.
    let chart = draw(&["0.1", "0.25", "0.5", "0.9"], &[1.0, 2.0, 5.0, 9.0]);
    assert!(chart.contains("<title>p10 to p90<") && chart.contains("<title>p25<"));
    assert!(chart.contains("<title>p50<"));
    let chart = draw(&["mean"], &[f64::NAN]);
    assert_eq!((marks(&chart, "band"), marks(&chart, "mean")), (0, 0));
}

#[test]
fn every_algorithm_without_training_draws_its_forecasts() {
    // Oracle: the rules of XML.
    for name in ["Naive", "SeasonalNaive", "NPTS", "Intermittent"] {
        let settings = PredictorSettings::new(AnyAlgorithm::by_name(name).unwrap(), 4);
        let predictor = settings.train(&panel(), &mut Run::new("ndarray")).unwrap();
        let forecast = predictor.create_forecast(&panel(), Seed(0)).unwrap();
        for key in predictor.keys() {
            assert_eq!(well_formed(&forecast.chart(&panel(), key).unwrap()), Ok(()));
            assert_eq!(well_formed(&predictor.backtest_chart(key).unwrap()), Ok(()));
        }
    }
}

proptest! {
    #[test]
    fn any_values_give_whole_charts(
        seen in prop::collection::vec(any::<f64>(), 0..20),
        rows in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 1..6),
        first in -100_000_i64..100_000,
        title in any::<String>(),
    ) {
        let types = types(&["0.1", "mean", "0.9"]);
        let columns: [Vec<f64>; 3] = [
            rows.iter().map(|row| row.0).collect(),
            rows.iter().map(|row| row.1).collect(),
            rows.iter().map(|row| row.2).collect(),
        ];
        for frequency in [Frequency::HOURLY, Frequency::MONTHLY] {
            let picture = Picture {
                title: title.clone(),
                frequency,
                types: &types,
                seen: vec![(first - seen.len() as i64, seen.as_slice())],
                fans: vec![Fan { first, rows: columns.iter().map(Vec::as_slice).collect() }],
                nothing: "nothing",
            };
            // Oracle: the rules of XML; coordinates are numbers.
            let chart = picture.draw();
            prop_assert_eq!(well_formed(&chart), Ok(()));
            prop_assert!(!chart.contains("\"NaN") && !chart.contains(" NaN") && !chart.contains("LNaN"));
        }
    }
}
