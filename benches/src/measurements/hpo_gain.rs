//! `[hpo-gain]`: what a search of 15 minutes gains over the defaults, on the part that it never saw.

use crate::{
    Context,
    measurements::hpo_budget::{plain, search},
    report::{Bar, Failure, Report},
};

/// Minutes of a search, with the last training.
const MINUTES: u64 = 15;

/// HRNN's defaults.
const DEFAULTS: &str = r#"{"recipe": "aws-hrnn"}"#;

pub(crate) fn hrnn(context: &Context) -> Result<Report, Failure> {
    let minutes = context.settings.as_ref().map_or(Ok(MINUTES), |text| text.parse())?;
    let mut report = Report::new(&context.seeds, context.threads.get());
    let [mut defaults, mut tuned, mut gains, mut seconds] = <[Vec<f64>; 4]>::default();
    for &seed in &context.seeds {
        let (default, took) = plain(context, DEFAULTS, seed)?;
        let found = search(minutes * 60, context.threads, seed)?;
        report.note(format!(
            "seed {seed}: {default:.4} to {:.4}; {} trials, {} complete, validation {:.4?}, {:.0} s against {took:.0} s; {}",
            found.ndcg, found.trials, found.complete, found.validation, found.seconds, found.chosen
        ));
        defaults.push(default);
        tuned.push(found.ndcg);
        gains.push(found.ndcg - default);
        seconds.push(found.seconds);
    }
    report.seeds_row("NDCG@10 of the defaults", &defaults, Bar::None, "");
    report.seeds_row("NDCG@10 after the search", &tuned, Bar::None, "");
    report.seeds_row("gain", &gains, Bar::AtLeast(f64::MIN_POSITIVE), "");
    report.seeds_row("seconds of the search", &seconds, Bar::None, "");
    Ok(report)
}
