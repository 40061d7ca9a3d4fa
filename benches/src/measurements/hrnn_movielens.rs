//! `[hrnn-movielens]`: HRNN on the temporal holdout of MovieLens-100K.

use std::num::NonZeroUsize;

use ensue::{
    core::{EvaluationMode, RankingReport, Seed, Split, split, validation_split},
    recommend::{EvaluationOptions, Recommend, evaluate},
};

use crate::{
    Context,
    data::movielens,
    recipes::{self, MARKOV, POPULARITY},
    report::{Bar, Failure, Report, mean_and_sd},
};

const MODE: EvaluationMode = EvaluationMode::TemporalHoldout;

/// MRR, P@5, P@10, NDCG@10, NDCG@25 of the protocol.
const BASELINES: [(&str, &str, bool, [f64; 5]); 4] = [
    ("popularity", POPULARITY, false, [0.0893, 0.0274, 0.0283, 0.0971, 0.1563]),
    ("popularity-f", POPULARITY, true, [0.1788, 0.0736, 0.0677, 0.1807, 0.2504]),
    ("Markov", MARKOV, false, [0.1690, 0.0594, 0.0543, 0.1898, 0.2693]),
    ("Markov-f", MARKOV, true, [0.2480, 0.0993, 0.0813, 0.2510, 0.3414]),
];

/// Amazon's defaults (43 units, bptt 32); optimiser, dropout and epochs are ours.
const AMAZON: &str = r#"{"recipe": "aws-hrnn", "epochs": 40, "lookahead": 3, "dropout_input": 0.4, "dropout_output": 0.4}"#;

/// The same without the term for items had before: a plain recurrent network.
const PLAIN: &str = r#"{"recipe": "aws-hrnn", "epochs": 40, "lookahead": 3, "dropout_input": 0.4, "dropout_output": 0.4, "repeat_term": false}"#;

/// The wider network reported beside.
const WIDER: &str = r#"{"recipe": "aws-hrnn", "epochs": 40, "lookahead": 3, "dropout_input": 0.4, "dropout_output": 0.4, "hidden_dimension": 64, "bptt": 100}"#;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let split = split(&movielens::load()?, MODE, Seed(0));
    let mut report = Report::new(&context.seeds, context.threads.get());
    report.row("queries", split.queries.len() as f64, Bar::Count(943));
    for (name, settings, exclude_seen, digits) in BASELINES {
        let model = recipes::fit(context, settings, &split.train, 0)?.model;
        let found = ask(context, &*model, &split, exclude_seen)?;
        let values = [
            ("MRR", found.mean_reciprocal_rank_at_25),
            ("P@5", found.precision_at_5),
            ("P@10", found.precision_at_10),
            ("NDCG@10", found.normalized_discounted_cumulative_gain_at_10),
            ("NDCG@25", found.normalized_discounted_cumulative_gain_at_25),
        ];
        for ((metric, value), digit) in values.into_iter().zip(digits) {
            report.row(format!("{name} {metric}"), value, Bar::Digits(digit, 4));
        }
    }

    let fitted = default_settings(context, &split, &mut report);
    report.part(fitted);
    let networks = networks(context, &split, &mut report);
    report.part(networks);
    Ok(report)
}

/// How long the default settings train on two threads.
fn default_settings(context: &Context, split: &Split, report: &mut Report) -> Result<(), Failure> {
    let two = Context { threads: NonZeroUsize::MIN.saturating_add(1), ..context.clone() };
    let fitted = recipes::fit(&two, r#"{"recipe": "aws-hrnn"}"#, &split.train, context.seeds[0])?;
    let seconds = fitted.took.as_secs_f64();
    let what = "HRNN at the default settings: training seconds on 2 threads";
    report.row(what, seconds, Bar::AtMost(60.0));
    Ok(())
}

/// The networks; the best on a validation part of training is held to the bars.
fn networks(context: &Context, split: &Split, report: &mut Report) -> Result<(), Failure> {
    let candidates = [
        ("HRNN 43, bptt 32", AMAZON),
        ("HRNN 64, bptt 100", WIDER),
        ("HRNN 43 without repeat term", PLAIN),
    ];
    let mut chosen = 0;
    let mut best = f64::NEG_INFINITY;
    for (index, (name, settings)) in candidates.iter().enumerate() {
        // Chosen on a part of training that the test never sees.
        let inner = validation_split(&split.train, Seed(context.seeds[0]), 1.0);
        let model = recipes::fit(context, settings, &inner.train, context.seeds[0])?.model;
        let found = ask(context, &*model, &inner, false)?;
        let ndcg = found.normalized_discounted_cumulative_gain_at_10;
        report.row(format!("{name}: NDCG@10 on the validation part"), ndcg, Bar::None);
        if ndcg > best {
            (chosen, best) = (index, ndcg);
        }
    }
    for (index, (name, settings)) in candidates.iter().enumerate() {
        let bars = if index == chosen {
            [Bar::AtLeast(0.205), Bar::AtLeast(0.30)]
        } else {
            [Bar::None, Bar::None]
        };
        let mut reports: [Vec<RankingReport>; 2] = Default::default();
        let mut seconds = Vec::new();
        for &seed in &context.seeds {
            let fitted = recipes::fit(context, settings, &split.train, seed)?;
            seconds.push(fitted.took.as_secs_f64());
            for (exclude_seen, reports) in [false, true].into_iter().zip(&mut reports) {
                reports.push(ask(context, &*fitted.model, split, exclude_seen)?);
            }
        }
        for ((suffix, bar), reports) in ["", "-f"].into_iter().zip(bars).zip(&reports) {
            let mut row = |metric: &str, of: fn(&RankingReport) -> f64, bar: Bar| {
                let values: Vec<f64> = reports.iter().map(of).collect();
                report.mean_row(format!("{name}{suffix} {metric}"), &values, bar);
            };
            row("MRR", |r| r.mean_reciprocal_rank_at_25, Bar::None);
            row("P@5", |r| r.precision_at_5, Bar::None);
            row("P@10", |r| r.precision_at_10, Bar::None);
            row("NDCG@10", |r| r.normalized_discounted_cumulative_gain_at_10, bar);
            row("NDCG@25", |r| r.normalized_discounted_cumulative_gain_at_25, Bar::None);
            row("coverage", |r| r.coverage, Bar::None);
        }
        let (mean, _) = mean_and_sd(&seconds);
        report.row_with(
            format!("{name}: training seconds"),
            mean,
            Bar::None,
            format!("{seconds:.1?}"),
        );
    }
    Ok(())
}

fn ask(
    context: &Context,
    model: &dyn Recommend,
    split: &Split,
    exclude_seen: bool,
) -> Result<RankingReport, Failure> {
    let options = EvaluationOptions::new(MODE.ndcg_form()).with_exclude_seen(exclude_seen);
    Ok(evaluate(model, split, &options, &recipes::run(context, 0))?)
}
