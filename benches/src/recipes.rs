//! The settings that figures are measured with, as a user writes them, and how they are trained.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use ensue::{
    core::{Interactions, Progress, Run, Seed},
    recommend::{AnyRecipe, Recommend, TrainingData},
};

use crate::{Context, report::Failure};

/// Popularity as the protocols count it: by events.
pub(crate) const POPULARITY: &str = r#"{"recipe": "aws-popularity-count", "count_by": "events"}"#;

/// First-order Markov chain.
pub(crate) const MARKOV: &str = r#"{"recipe": "markov"}"#;

/// The same, counting inside one session only.
pub(crate) const SESSION_MARKOV: &str = r#"{"recipe": "markov", "within_sessions": true}"#;

/// A fitted recipe and how long that took.
pub(crate) struct Fitted {
    pub(crate) model: Box<dyn Recommend>,
    pub(crate) took: Duration,
}

/// The recipe in a piece of JSON.
pub(crate) fn parse(settings: &str) -> Result<AnyRecipe, Failure> {
    Ok(serde_json::from_str(settings)?)
}

/// A run of the context's threads that tells about its epochs on standard error.
pub(crate) fn run(context: &Context, seed: u64) -> Run {
    Run::new("ndarray").with_seed(Seed(seed)).with_threads(context.threads).on_progress(
        |progress| {
            if let Progress::Epoch { epoch, epochs, train_loss, validation, seconds, .. } = progress
            {
                let validation =
                    validation.map_or_else(String::new, |v| format!(", validation {v:.4}"));
                // Nobody may be listening; that is no reason to stop.
                let _ = writeln!(
                    std::io::stderr(),
                    "  epoch {epoch}/{epochs}: loss {train_loss:.4}{validation}, {seconds:.1} s"
                );
            }
        },
    )
}

/// Fits settings through the public API.
pub(crate) fn fit(
    context: &Context,
    settings: &str,
    train: &Interactions,
    seed: u64,
) -> Result<Fitted, Failure> {
    fit_data(context, settings, &TrainingData::from_interactions(train.clone()), seed)
}

/// The same with metadata.
pub(crate) fn fit_data(
    context: &Context,
    settings: &str,
    data: &TrainingData,
    seed: u64,
) -> Result<Fitted, Failure> {
    let recipe = parse(settings)?;
    let start = Instant::now();
    let model = recipe.fit(data, &mut run(context, seed))?;
    Ok(Fitted { model, took: start.elapsed() })
}
