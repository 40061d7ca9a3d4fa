//! `[prophet]`: daily bike rentals, beside the forecasts of the Python package `prophet`, and its time.

use std::{collections::BTreeMap, time::Instant};

use ensue::core::{Panel, Quantile, Run, Seed};
use ensue_forecast::{AnyAlgorithm, Forecaster, SeriesForecast, TrainingData};
use serde::Deserialize;

use crate::{
    Context,
    data::bike,
    measurements::recurrent_cpu::median,
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// What is compared, as in `peers/prophet_data.py`: a name, settings, whether with what is known of each day.
const CASES: [(&str, &str, bool); 4] = [
    ("defaults", r#"{"algorithm": "Prophet"}"#, false),
    ("yearly", r#"{"algorithm": "Prophet", "yearly_seasonality": true}"#, false),
    ("regressors", r#"{"algorithm": "Prophet", "yearly_seasonality": true}"#, true),
    (
        "multiplicative",
        r#"{"algorithm": "Prophet", "yearly_seasonality": true, "seasonality_mode": "multiplicative"}"#,
        true,
    ),
];

/// Written by `python benches/peers/prophet_golden.py bike`.
const GOLDEN: &str = include_str!("../../golden/prophet_bike.json");

/// Turns that each side takes, fits of ours and of the peer in a turn.
const ROUNDS: usize = 5;
const OURS: usize = 50;
const THEIRS: usize = 2;

/// What the package forecast.
#[derive(Deserialize)]
struct Golden {
    yhat: Vec<f64>,
    yhat_lower: Vec<f64>,
    yhat_upper: Vec<f64>,
    y_scale: f64,
}

pub(crate) fn measure(_context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[], 1);
    let golden: BTreeMap<String, Golden> = serde_json::from_str(GOLDEN)?;
    let levels = [0.1, 0.9].map(Quantile::new);
    let [Ok(low), Ok(high)] = levels else { unreachable!("both are between 0 and 1") };
    let mut fitted = Vec::new();
    for (name, settings, related) in CASES {
        let theirs = &golden[name];
        let panel = bike::daily(related)?;
        let algorithm: AnyAlgorithm = serde_json::from_str(settings)?;
        let data = TrainingData { panel: panel.clone(), horizon: bike::HORIZON };
        let model = algorithm.fit(&data, &mut Run::new("ndarray"))?;
        let ours = ask(&*model, &panel, &[low, high])?;
        let mean = rented_a_day(&panel);
        for (what, ours, theirs_row) in [
            ("mean", &ours.mean, &theirs.yhat),
            ("p10", &ours.quantiles[0], &theirs.yhat_lower),
            ("p90", &ours.quantiles[1], &theirs.yhat_upper),
        ] {
            let differences = || ours.iter().zip(theirs_row).map(|(a, b)| (a - b).abs());
            let most = differences().fold(0.0, f64::max);
            let average = differences().sum::<f64>() / bike::HORIZON as f64;
            let bar = if what == "mean" { Bar::AtMost(0.02) } else { Bar::None };
            let note = format!(
                "mean difference {:.4}; largest as a share of the mean day: {:.4}",
                average / theirs.y_scale,
                most / mean
            );
            let what = format!("{name}, {what}: largest difference / scale");
            report.row_with(what, most / theirs.y_scale, bar, note);
        }
        fitted.push((name, panel, model));
    }
    report.note("scale: the largest day, 8714, by which Prophet divides; its optimiser stops short of the highest density");
    let speed = speed(&mut report, &fitted);
    report.part(speed);
    Ok(report)
}

/// Times fits with their forecasts, in turns.
fn speed(
    report: &mut Report,
    fitted: &[(&str, Panel, Box<dyn Forecaster>)],
) -> Result<(), Failure> {
    let mut peer = Peer::start("prophet_fit.py", &[]);
    for (name, panel, model) in fitted {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            if let Ok(peer) = &mut peer {
                theirs.extend(peer.ask(&format!("{name} {THEIRS}"))?);
            }
            for _ in 0..OURS {
                let start = Instant::now();
                ask(&**model, panel, &Quantile::deciles())?;
                ours.push(start.elapsed().as_secs_f64());
            }
        }
        let n = ours.len();
        let own = median(&mut ours);
        let note = format!("median of {n}, with 19 steps of 9 quantiles");
        report.row_with(format!("{name}: ours, ms a fit"), own * 1e3, Bar::None, note);
        if let Ok(peer) = &peer {
            let n = theirs.len();
            let other = median(&mut theirs);
            let note = format!("median of {n}, {}", peer.version);
            report.row_with(format!("{name}: prophet, ms a fit"), other * 1e3, Bar::None, note);
            report.row(format!("{name}: times faster"), other / own, Bar::None);
        }
    }
    peer.map(drop)
}

/// The forecast of the one series: a local algorithm is fitted when it is asked.
fn ask(
    model: &dyn Forecaster,
    panel: &Panel,
    levels: &[Quantile],
) -> Result<SeriesForecast, Failure> {
    let mut forecasts = model.forecast(panel, levels, Seed(0))?;
    crate::data::counted("series forecast", forecasts.len(), 1)?;
    Ok(forecasts.remove(0))
}

/// Mean of what was rented a day.
fn rented_a_day(panel: &Panel) -> f64 {
    let series = &panel.series()[0];
    let observed = series.target().iter().filter(|y| !y.is_nan());
    observed.sum::<f64>() / series.observed() as f64
}
