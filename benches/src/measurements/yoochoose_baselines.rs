//! `[yoochoose-baselines]`: the protocol's digits for counting recipes.

use ensue::recommend::evaluate_next_item;

use crate::{
    Context,
    data::yoochoose,
    recipes::{self, MARKOV, POPULARITY},
    report::{Bar, Failure, Report},
};

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let task = yoochoose::load()?;
    let mut report = Report::new(&[], context.threads.get());
    report.row("predictions", task.predictions() as f64, Bar::Count(10_152));
    for (name, settings, digits) in [
        ("popularity", POPULARITY, [0.049, 0.089, 0.026]),
        ("Markov", MARKOV, [0.484, 0.591, 0.344]),
    ] {
        let model = recipes::fit(context, settings, &task.train, 0)?.model;
        let histories = task.tests.iter().map(|(history, from)| (history.as_history(), *from));
        let found = evaluate_next_item(&*model, histories, &recipes::run(context, 0))?;
        let values = [found.recall_at_5, found.recall_at_20, found.mrr_at_20];
        for ((metric, value), digit) in ["R@5", "R@20", "MRR@20"].iter().zip(values).zip(digits) {
            report.row(format!("{name} {metric}"), value, Bar::Digits(digit, 3));
        }
    }
    Ok(report)
}
