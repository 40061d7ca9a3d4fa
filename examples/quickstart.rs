//! From a table to recommendations: import, train, compare, ask, learn of an event, save, load. And from another table to
//! forecasts: import, train, backtest, save, ask.
//!
//! ```text
//! cargo run --release --example quickstart -- [--device NAME] [--epochs N] [--seed N] [--out DIR]
//! ```

#![allow(clippy::print_stdout, reason = "printing is what an example is for")]

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Parser;
use ensue::prelude::*;

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../datasets/quickstart");
const DEMAND: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../datasets/demand");

#[derive(Debug, Parser)]
struct Options {
    /// Device: ndarray (CPU), or wgpu (GPU) in a build with that feature.
    #[arg(long, default_value = "ndarray")]
    device: String,
    /// Passes over the data, at most; of the forecasts, turns of 50 batches.
    #[arg(long)]
    epochs: Option<NonZeroUsize>,
    /// Where all randomness comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory for what is trained.
    #[arg(long, default_value = "target/quickstart")]
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let mut run = Run::new(&options.device).with_seed(Seed(options.seed)).on_progress(tell);
    recommend(&options, &mut run)?;
    forecast(&options, &mut run)
}

/// What comes next for a customer.
fn recommend(options: &Options, run: &mut Run) -> Result<(), Box<dyn Error>> {
    // A dataset group: who did what when, and what is known about the items.
    let table = |name: &str, schema: &str| -> Result<Source, Box<dyn Error>> {
        let folder = Path::new(SHOP);
        Ok(Source::new(folder.join(name)).with_schema(Schema::from_path(folder.join(schema))?))
    };
    let request = ImportRequest::new(table("interactions.csv.gz", "interactions.avsc")?)
        .with_items(table("items.csv", "items.avsc")?);
    let shop = DatasetGroup::import(&request, run)?;
    println!(
        "{} customers, {} items, {} events",
        shop.users.len(),
        shop.items.len(),
        shop.interactions.len()
    );

    // A solution is a plan, a solution version what came out of it. Popularity-Count is trained as a solution of its own too:
    // a campaign of it gives everybody the same list.
    let mut hrnn = Hrnn::default();
    if let Some(epochs) = options.epochs {
        hrnn.epochs = epochs;
    }
    let popular = Solution::new(PopularityCount::default()).train(&shop, run)?;
    let version = Solution::new(hrnn).train(&shop, run)?;
    println!("\n{}", version.evaluation());

    // The version lives in a directory, with everything that answers need.
    let place = options.out.join("recommender");
    version.save(&place)?;
    println!("saved in {}\n", place.display());
    let campaign = Campaign::new(SolutionVersion::load(&place, &options.device)?);

    // This customer takes every third tea. What is next?
    let someone = "somebody new";
    for (seconds, item) in [(0, "tea-00"), (60, "tea-03"), (120, "tea-06")] {
        campaign.put_event(&PutEvent::new(someone, item, 1_760_000_000 + seconds))?;
    }
    show("after tea-00, tea-03, tea-06", &campaign, someone)?;
    campaign.put_event(&PutEvent::new(someone, "tea-09", 1_760_000_180))?;
    show("one event later", &campaign, someone)?;
    show("Popularity-Count, to anybody", &Campaign::new(popular), someone)
}

fn show(title: &str, campaign: &Campaign, user: &str) -> Result<(), Box<dyn Error>> {
    let answer = campaign.recommend(&RecommendRequest::new(user).with_num_results(5))?;
    print!("{title}:");
    for line in answer.items {
        match line.score {
            Some(score) => print!("  {} {score:.3}", line.item_id),
            None => print!("  {}", line.item_id),
        }
    }
    println!();
    Ok(())
}

/// What every item will sell.
fn forecast(options: &Options, run: &mut Run) -> Result<(), Box<dyn Error>> {
    // A dataset group: what was sold, what is known of each day (also of those to come), and of each item.
    let table = |name: &str, schema: &str| -> Result<ForecastSource, Box<dyn Error>> {
        let folder = Path::new(DEMAND);
        let schema = ForecastSchema::from_path(folder.join(schema))?;
        Ok(ForecastSource::new(folder.join(name), schema))
    };
    let horizon = 28;
    let request = ForecastImport::new(
        Domain::Retail,
        Frequency::DAILY,
        table("target.csv.gz", "target.json")?,
    )
    .with_related(table("related.csv.gz", "related.json")?)
    .with_metadata(table("items.csv", "items.json")?)
    .with_horizon(horizon);
    let panel = ForecastGroup::import(&request, run)?.panel;
    println!("\n{} items, known beside their demand: {}", panel.len(), panel.related().join(", "));

    // Trained and measured on the last four weeks, beside two baselines. The seasonal one takes a day for a season of
    // daily data, so one that repeats the last week is measured too.
    let count = |n| NonZeroUsize::new(n).ok_or("not zero");
    let deepar = DeepAr {
        epochs: options.epochs.unwrap_or(count(20)?),
        num_eval_samples: count(100)?,
        ..DeepAr::default()
    };
    let predictor = PredictorSettings::new(deepar, horizon).train(&panel, run)?;
    let last_week = SeasonalNaive { season: Some(count(7)?), ..SeasonalNaive::default() };
    let last_week = PredictorSettings::new(last_week, horizon).train(&panel, run)?;
    let mut backtest = predictor.backtest().clone();
    let mut line = last_week.backtest().own().clone();
    "last week again".clone_into(&mut line.algorithm);
    backtest.predictor_evaluation_results.push(line);
    println!("\n{backtest}");

    // Predictor and forecast live in directories too.
    let place = options.out.join("predictor");
    predictor.save(&place)?;
    println!("saved in {}\n", place.display());
    let predictor = Predictor::load(&place, &options.device)?;
    let forecast = predictor.create_forecast(&panel, Seed(options.seed))?;
    for (item, about) in [("tea-01", "the first week"), ("tea-new", "an item that was never sold")]
    {
        println!("{item}, {about}: p10 / p50 / p90");
        let answer = forecast.query(&ForecastQuery::item(item))?.forecast.predictions;
        let [low, middle, high] = ["p10", "p50", "p90"].map(|name| &answer[name]);
        for step in 0..7 {
            let [low, high] = [low, high].map(|points| points[step].value);
            let day = middle[step].timestamp.date();
            println!("  {day}  {low:5.1} {:5.1} {high:5.1}", middle[step].value);
        }
    }
    Ok(())
}

fn tell(progress: &Progress) {
    // What has steps of its own is a training loop within one of these.
    if let Progress::Started { what, total_steps: None } = progress {
        println!("{what}");
    } else if let Progress::Epoch { epoch, train_loss, validation, seconds, .. } = progress {
        let validation =
            validation.map_or(String::new(), |value| format!(", validation {value:.4}"));
        println!("epoch {epoch}: loss {train_loss:.4}{validation}, {seconds:.1} s");
    } else if let Progress::Warning { message } = progress {
        println!("warning: {message}");
    }
}
