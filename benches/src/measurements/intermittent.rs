//! `[intermittent]`: spare parts, of which most months want none, by each method and beside what others reached.

use ensue_forecast::{
    AnyAlgorithm,
    algorithms::{
        intermittent::{Intermittent, Method},
        npts::Npts,
    },
};

use crate::{
    Context,
    data::carparts,
    forecasts::{Task, backtest, peers, seasonal_naive},
    report::{Bar, Failure, Report},
};

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[], context.threads.get());
    let task = Task { panel: carparts::load()?, horizon: carparts::HORIZON };
    let method = |method| AnyAlgorithm::from(Intermittent { method, ..Intermittent::default() });
    let algorithms = [
        ("Intermittent", method(Method::Auto)),
        ("Intermittent, croston", method(Method::Croston)),
        ("Intermittent, sba", method(Method::Sba)),
        ("Intermittent, tsb", method(Method::Tsb)),
        ("Intermittent, adida", method(Method::Adida)),
        ("NPTS", Npts::default().into()),
    ];
    for (name, algorithm) in algorithms {
        let found = backtest(context, &algorithm, &task, 0)?;
        let loss = found.evaluator.mean_weighted_quantile_loss;
        // As good as DeepAR was, which is published.
        let bar = if name == "Intermittent" { Bar::AtMost(0.9627) } else { Bar::None };
        let remark = format!("{:.2} seconds", found.forecasting);
        report.row_with(format!("{name}: wQL"), loss, bar, remark);
        report.row(format!("{name}: ND"), found.evaluator.nd, Bar::None);
    }
    seasonal_naive(context, &task, "", &mut report)?;
    let source = "AutoGluon, AutoML 2023, its own runs";
    peers(
        &mut report,
        &[
            ("SeasonalNaive wQL, published", 1.7169, source),
            ("AutoETS wQL, published", 1.3377, source),
            ("DeepAR wQL, published", 0.9627, source),
            ("AutoGluon best wQL, published", 0.9228, source),
            ("TFT wQL, published", 0.8782, source),
        ],
    );
    report.note("no MASE: that of a part which never sold before the last year is infinite in GluonTS's evaluator");
    report.note("car parts, horizon 12, what is missing replaced by 0, quantiles 0.1 to 0.9");
    Ok(report)
}
