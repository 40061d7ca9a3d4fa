//! `[hrnn-online-retail]`: each hierarchy of HRNN on Online Retail, last invoice out.

use ensue::{
    core::NextItemReport,
    recommend::{Recommend, evaluate_next_item},
};

use super::online_retail_baselines::{item_cosine, personal_popularity};
use crate::{
    Context,
    data::{NextItemTask, online_retail},
    recipes::{self, POPULARITY, SESSION_MARKOV},
    report::{Bar, Failure, Report},
};

/// What all networks share: 100 units, 8 epochs, and the customers with the longest histories trained on too.
const SHARED: &str = r#""recipe": "aws-hrnn", "hidden_dimension": 100, "epochs": 8, "learning_rate": 0.003,
    "dropout_input": 0.2, "dropout_output": 0.2, "max_user_history_length_percentile": 1.0"#;

/// A plain recurrent network, session boundaries as embedded input, and a user-level GRU that starts sessions.
const NETWORKS: [(&str, &str); 3] = [
    ("flat GRU", r#""hierarchy": "flat", "repeat_term": false"#),
    ("HRNN session input", r#""hierarchy": "session-input""#),
    ("HRNN user GRU", r#""hierarchy": "user-state", "bptt": 64"#),
];

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let data = online_retail::load()?;
    let task = &data.task;
    let mut report = Report::new(&context.seeds, context.threads.get());
    report.row("customers", data.customers as f64, Bar::Count(1_888));
    report.row("invoices", data.invoices as f64, Bar::Count(13_929));
    report.row("items", data.items as f64, Bar::Count(2_866));
    report.row("events", data.events as f64, Bar::Count(313_620));
    report.row("predictions", task.predictions() as f64, Bar::Count(40_571));

    let popularity = recipes::fit(context, POPULARITY, &task.train, 0)?.model;
    let found = ask(context, &*popularity, task)?;
    report.row("popularity R@5", found.recall_at_5, Bar::Digits(0.0146, 4));
    report.row("popularity R@20", found.recall_at_20, Bar::Digits(0.0496, 4));
    let found = personal_popularity(task);
    report.row("personal popularity R@5", found.recall_at_5, Bar::Digits(0.0593, 4));
    report.row("personal popularity R@20", found.recall_at_20, Bar::Digits(0.1642, 4));
    let found = item_cosine(task);
    report.row("item cosine R@5", found.recall_at_5, Bar::Digits(0.2598, 4));
    report.row("item cosine R@20", found.recall_at_20, Bar::Digits(0.3663, 4));
    let markov = recipes::fit(context, SESSION_MARKOV, &task.train, 0)?.model;
    let found = ask(context, &*markov, task)?;
    report.row("Markov R@5", found.recall_at_5, Bar::Digits(0.2629, 4));
    report.row("Markov R@20", found.recall_at_20, Bar::Digits(0.3640, 4));
    report.row("Markov MRR@20", found.mrr_at_20, Bar::Digits(0.1809, 4));

    let networks = networks(context, task, &mut report);
    report.part(networks);
    Ok(report)
}

/// The three networks; the better hierarchy is held to the bars.
fn networks(context: &Context, task: &NextItemTask, report: &mut Report) -> Result<(), Failure> {
    let mut results = Vec::new();
    for (name, own) in NETWORKS {
        let settings = format!("{{{SHARED}, {own}}}");
        let mut reports = Vec::new();
        let mut seconds = Vec::new();
        for &seed in &context.seeds {
            let fitted = recipes::fit(context, &settings, &task.train, seed)?;
            seconds.push(fitted.took.as_secs_f64());
            reports.push(ask(context, &*fitted.model, task)?);
        }
        results.push((name, reports, seconds));
    }
    // The better hierarchy is held to the bars; the flat network is not a hierarchy.
    let recall =
        |reports: &[NextItemReport]| -> f64 { reports.iter().map(|r| r.recall_at_20).sum() };
    let better = if recall(&results[1].1) >= recall(&results[2].1) { 1 } else { 2 };
    for (index, (name, reports, seconds)) in results.iter().enumerate() {
        let bar = |value| if index == better { Bar::AtLeast(value) } else { Bar::None };
        let values =
            |of: fn(&NextItemReport) -> f64| -> Vec<f64> { reports.iter().map(of).collect() };
        report.mean_row(format!("{name} R@5"), &values(|r| r.recall_at_5), Bar::None);
        report.mean_row(format!("{name} R@20"), &values(|r| r.recall_at_20), bar(0.41));
        report.mean_row(format!("{name} MRR@20"), &values(|r| r.mrr_at_20), bar(0.19));
        report.mean_row(format!("{name}: training seconds"), seconds, Bar::None);
    }
    Ok(())
}

fn ask(
    context: &Context,
    model: &dyn Recommend,
    task: &NextItemTask,
) -> Result<NextItemReport, Failure> {
    let histories = task.tests.iter().map(|(history, from)| (history.as_history(), *from));
    Ok(evaluate_next_item(model, histories, &recipes::run(context, 0))?)
}
