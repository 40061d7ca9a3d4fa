//! Any recipe on real data: 100,000 ratings of 1,682 films by 943 people, with genre and year of the films, and age, gender
//! and occupation of the people.
//!
//! ```text
//! ENSUE_DATASETS=FOLDER cargo run --release --example movielens -- --recipe aws-hrnn-metadata [--epochs N] [--device NAME]
//! ```
//!
//! Recipes: aws-hrnn, aws-hrnn-metadata, aws-hrnn-coldstart, aws-popularity-count, aws-personalized-ranking, aws-sims, markov.

#![allow(clippy::print_stdout, reason = "printing is what an example is for")]

#[path = "movielens/ask.rs"]
mod ask;
#[path = "movielens/files.rs"]
mod files;

use std::error::Error;

use clap::Parser;
use ensue::prelude::*;
use serde_json::json;

#[derive(Debug, Parser)]
struct Options {
    /// Recipe.
    #[arg(long, default_value = "aws-hrnn-metadata", value_parser = clap::builder::PossibleValuesParser::new(AnyRecipe::NAMES))]
    recipe: String,
    /// Passes over the data, at most; for recipes that have them.
    #[arg(long, default_value_t = 10)]
    epochs: usize,
    /// Device: ndarray (CPU), or wgpu (GPU) in a build with that feature.
    #[arg(long, default_value = "ndarray")]
    device: String,
    /// Where all randomness comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let mut run = Run::new(&options.device).with_seed(Seed(options.seed)).on_progress(tell);

    // The published files become tables with schemas, as anybody's data would come, and are imported.
    let folder = files::published()?;
    let tables = files::Tables::write(&folder)?;
    let group = DatasetGroup::import(&tables.request()?, &mut run)?;
    let (people, films, ratings) = (group.users.len(), group.items.len(), group.interactions.len());
    println!("{people} people, {films} films, {ratings} ratings");

    // Settings by name, as in a settings file; what is not named has its default.
    let mut settings = json!({ "recipe": options.recipe });
    if options.recipe.starts_with("aws-hrnn") || options.recipe == "aws-personalized-ranking" {
        settings["epochs"] = json!(options.epochs);
    }
    if options.recipe == "aws-hrnn-coldstart" {
        // Cold means: fewer than 15 events and younger than 5 days. The data has no creation time of a film, so that its
        // first rating counts, and nearly all have theirs long before the newest: fewer are cold than Amazon's bound of
        // 100. Age is therefore let go: a film with fewer than 15 ratings is cold, however old. (The bounds themselves,
        // 100 to 80,000, are the settings `min_cold_items` and `max_cold_items`.)
        settings["cold_start_max_duration"] = json!(10_000);
    }
    if options.recipe == "aws-sims" {
        // By default the most popular tenth of the items relates to nothing, and Star Wars is the most popular of all.
        settings["max_item_interaction_count_percentile"] = json!(1.0);
    }
    let recipe: AnyRecipe = serde_json::from_value(settings)?;

    let solution =
        Solution { evaluation: EvaluationMode::TemporalHoldout, ..Solution::new(recipe) };
    let version = solution.train(&group, &mut run)?;
    println!("\n{}", version.evaluation());
    let campaign = Campaign::new(version);
    ask::typical(&options.recipe, &campaign, &group, &tables.titles)
}

fn tell(progress: &Progress) {
    if let Progress::Epoch { epoch, train_loss, seconds, .. } = progress {
        println!("epoch {epoch}: loss {train_loss:.4}, {seconds:.1} s");
    } else if let Progress::Warning { message } = progress {
        println!("warning: {message}");
    }
}
