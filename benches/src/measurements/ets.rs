//! `[ets]`: exponential smoothing, against the figures and the time of statsforecast's `AutoETS`.

use std::time::Instant;

use ensue::core::{Quantile, Run, Seed};
use ensue_forecast::{Algorithm, Forecaster, TrainingData, algorithms::ets::Ets};

use crate::{
    Context,
    data::{carparts, hospital, m4},
    forecasts::{Task, backtest},
    measurements::{deepar_speed::pin, recurrent_cpu::median},
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// Series that each side forecasts in a turn.
const TURN: usize = 60;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let core = pin();
    let mut report = Report::new(&[], 1);
    report.note(core);
    // Published: AutoETS in the results of Shchur et al. 2023; M4 weekly is what is held to.
    let sets = [
        ("M4 weekly", m4::weekly()?, m4::WEEKLY_HORIZON, 0.0518, Some(2.548)),
        ("M4 hourly", m4::hourly()?, m4::HOURLY_HORIZON, 0.0696, None),
        ("hospital", hospital::load()?, hospital::HORIZON, 0.0526, None),
        ("car parts", carparts::load()?, carparts::HORIZON, 1.3377, None),
    ];
    let ets = Ets::default().into();
    for (name, panel, horizon, loss, scaled) in sets {
        let found = backtest(context, &ets, &Task { panel, horizon }, 0)?;
        let bars =
            scaled.map_or([Bar::None; 2], |mase| [1.01 * loss, 1.01 * mase].map(Bar::AtMost));
        let remark = format!("AutoETS {loss:.4}");
        let own = found.evaluator.mean_weighted_quantile_loss;
        report.row_with(format!("{name}: wQL"), own, bars[0], remark);
        let remark = scaled.map_or_else(String::new, |mase| format!("AutoETS {mase:.3}"));
        report.row_with(format!("{name}: MASE"), found.evaluator.mase, bars[1], remark);
        report.row(format!("{name}: seconds"), found.training + found.forecasting, Bar::None);
    }
    let speed = speed(&mut report);
    report.part(speed);
    Ok(report)
}

/// Turns of both sides on the same series of M4 weekly.
fn speed(report: &mut Report) -> Result<(), Failure> {
    let mut peer = Peer::start("ets.py", &[])?;
    let panel = m4::weekly()?.cut(m4::WEEKLY_HORIZON);
    let (mut ours, mut theirs, mut ratios) = (0.0, 0.0, Vec::new());
    for first in (0..panel.len()).step_by(TURN) {
        let at = std::cell::Cell::new(0usize);
        let some = panel.filtered(|_| {
            let own = at.replace(at.get() + 1);
            (first..first + TURN).contains(&own)
        });
        let data = TrainingData { panel: some, horizon: m4::WEEKLY_HORIZON };
        let start = Instant::now();
        let fitted = Ets::default().fit(&data, &mut Run::new("ndarray"))?;
        let forecasts = fitted.forecast(&data.panel, &Quantile::deciles(), Seed(0))?;
        let own = 1000.0 * start.elapsed().as_secs_f64();
        let answer = peer.ask(&format!("{first} {}", forecasts.len()))?;
        let other = answer.first().copied().unwrap_or(f64::NAN);
        (ours, theirs) = (ours + own, theirs + other);
        ratios.push(other / own);
    }
    let remark =
        format!("milliseconds {theirs:.0} against {ours:.0}, all series; {}", peer.version);
    report.row_with("times as fast, all series", theirs / ours, Bar::AtLeast(3.0), remark);
    let remark = format!("median of {} turns", ratios.len());
    report.row_with("times as fast, a turn", median(&mut ratios), Bar::None, remark);
    Ok(())
}
