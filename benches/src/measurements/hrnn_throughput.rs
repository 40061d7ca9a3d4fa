//! `[hrnn-throughput]`: events per CPU-second of HRNN training, a whole epoch with its optimiser.

use crate::{
    Context,
    data::synthetic::{self, MOVIELENS_1M},
    measurements::timed::{cpu_seconds, epochs},
    report::{Bar, Failure, Report},
};

/// The setting of the bar: 256 user streams, 32 events each, 2,048 shared negatives and the own target.
const SETTINGS: &str = r#"{"recipe": "aws-hrnn", "hidden_dimension": 100, "lanes": 256, "bptt": 32, "negatives": 2048,
    "full_softmax_limit": 0, "epochs": 3, "max_user_history_length_percentile": 1.0, "repeat_term": REPEAT}"#;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let data = synthetic::interactions(MOVIELENS_1M);
    let mut report = Report::new(&context.seeds[..1], context.threads.get());
    report.row("items", data.n_items() as f64, Bar::Count(MOVIELENS_1M.items));
    // GRU4Rec has no term for items had before; with it a step does more.
    for (what, repeat, bar) in
        [("", "false", Bar::AtLeast(30_000.0)), (", with repeat_term", "true", Bar::None)]
    {
        let settings = SETTINGS.replace("REPEAT", repeat);
        let measured = epochs(context, &settings, &data, cpu_seconds)?;
        let mut rates: Vec<f64> = measured.iter().map(|e| e.events as f64 / e.clock).collect();
        rates.sort_by(f64::total_cmp);
        let note = format!(
            "median of {} epochs of {} events: {rates:.0?}",
            rates.len(),
            measured[0].events
        );
        let what = format!("events per CPU-second{what}");
        report.row_with(what, rates[rates.len() / 2], bar, note);
    }
    Ok(report)
}
