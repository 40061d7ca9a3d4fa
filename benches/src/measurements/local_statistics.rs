//! `[ets]`, `[theta]`: exponential smoothing and theta on M4 weekly, hourly and hospital, in turns with statsforecast.

use std::time::Instant;

use ensue::core::{Panel, Quantile, Run, Seed};
use ensue_forecast::{AnyAlgorithm, TrainingData};

use crate::{
    Context,
    data::{hospital, m4},
    forecasts::{Task, backtest, parse},
    measurements::{deepar_speed::pin, recurrent_cpu::median},
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// Each turn takes every so many series, beginning with another one.
const STRIDE: usize = 6;

/// What one of the two is held to on M4 weekly: at most 1 % above wQL and MASE of statsforecast.
struct Aim {
    name: &'static str,
    settings: &'static str,
    wql: f64,
    mase: f64,
    speed: f64,
}

pub(crate) fn ets(context: &Context) -> Result<Report, Failure> {
    let settings = r#"{"algorithm": "ETS"}"#;
    measure(context, &Aim { name: "ets", settings, wql: 0.0518, mase: 2.548, speed: 3.0 })
}

pub(crate) fn theta(context: &Context) -> Result<Report, Failure> {
    let settings = r#"{"algorithm": "Theta"}"#;
    measure(context, &Aim { name: "theta", settings, wql: 0.0533, mase: 2.581, speed: 3.0 })
}

fn measure(context: &Context, aim: &Aim) -> Result<Report, Failure> {
    let mut report = Report::new(&[], context.threads.get());
    let algorithm = parse(context.settings.as_deref().unwrap_or(aim.settings))?;
    let sets = [
        ("M4 weekly", m4::weekly()?, m4::WEEKLY_HORIZON, Some((aim.wql, aim.mase))),
        ("M4 hourly", m4::hourly()?, m4::HOURLY_HORIZON, None),
        ("hospital", hospital::load()?, hospital::HORIZON, None),
    ];
    for (name, panel, horizon, theirs) in sets {
        let found = backtest(context, &algorithm, &Task { panel, horizon }, 0)?.evaluator;
        let bar = |theirs: Option<f64>| theirs.map_or(Bar::None, |value| Bar::AtMost(1.01 * value));
        let wql = found.mean_weighted_quantile_loss;
        report.row(format!("{name} mean_wQuantileLoss"), wql, bar(theirs.map(|aim| aim.0)));
        report.row(format!("{name} MASE"), found.mase, bar(theirs.map(|aim| aim.1)));
    }
    let compared = in_turns(&mut report, &algorithm, aim);
    report.part(compared);
    Ok(report)
}

/// A B A B on one core: whichever side works, the other one waits.
fn in_turns(report: &mut Report, algorithm: &AnyAlgorithm, aim: &Aim) -> Result<(), Failure> {
    let core = pin();
    let panel = m4::weekly()?.cut(m4::WEEKLY_HORIZON);
    let mut peer =
        Peer::start("statsforecast_local.py", &["m4-weekly".to_owned(), "1".to_owned()])?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for first in 0..STRIDE {
        let answer = peer.ask(&format!("{} {first} {STRIDE}", aim.name))?;
        let their = answer.first().copied().unwrap_or(f64::NAN);
        let own = seconds(algorithm, &panel, first)?;
        ratios.push(their / own);
        ours.push(own);
        theirs.push(their);
    }
    let what = format!("sum of {STRIDE} turns, all 359 series, {core}");
    report.row_with("ours: M4 weekly, seconds", ours.iter().sum(), Bar::None, &*what);
    let what = format!("{what}, statsforecast {}", peer.version);
    report.row_with("statsforecast: M4 weekly, seconds", theirs.iter().sum(), Bar::None, what);
    let speed = Bar::AtLeast(aim.speed);
    report.row_with("times statsforecast's speed", median(&mut ratios), speed, "median of turns");
    Ok(())
}

/// Seconds of fitting and forecasting every sixth series, on one thread.
fn seconds(algorithm: &AnyAlgorithm, panel: &Panel, first: usize) -> Result<f64, Failure> {
    let some = panel.series().iter().skip(first).step_by(STRIDE).cloned().collect();
    let panel = Panel::new(panel.frequency(), some)?;
    let data = TrainingData { panel, horizon: m4::WEEKLY_HORIZON };
    let start = Instant::now();
    let fitted = algorithm.fit(&data, &mut Run::new("ndarray"))?;
    let forecasts = fitted.forecast(&data.panel, &Quantile::deciles(), Seed(0))?;
    let seconds = start.elapsed().as_secs_f64();
    crate::data::counted("series forecast", forecasts.len(), data.panel.len())?;
    Ok(seconds)
}
