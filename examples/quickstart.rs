//! From a table to recommendations: import, train, compare, ask, learn of an event, save, load.
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

const BUNDLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../datasets/quickstart");

#[derive(Debug, Parser)]
struct Options {
    /// Device: ndarray (CPU), or wgpu (GPU) in a build with that feature.
    #[arg(long, default_value = "ndarray")]
    device: String,
    /// Passes over the data, at most.
    #[arg(long)]
    epochs: Option<NonZeroUsize>,
    /// Where all randomness comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Directory for the trained version.
    #[arg(long, default_value = "target/quickstart")]
    out: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let mut run = Run::new(&options.device).with_seed(Seed(options.seed)).on_progress(tell);

    // A dataset group: who did what when, and what is known about the items.
    let table = |name: &str, schema: &str| -> Result<Source, Box<dyn Error>> {
        let folder = Path::new(BUNDLED);
        Ok(Source::new(folder.join(name)).with_schema(Schema::from_path(folder.join(schema))?))
    };
    let request = ImportRequest::new(table("interactions.csv.gz", "interactions.avsc")?)
        .with_items(table("items.csv", "items.avsc")?);
    let shop = DatasetGroup::import(&request, &mut run)?;
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
    let popular = Solution::new(PopularityCount::default()).train(&shop, &mut run)?;
    let version = Solution::new(hrnn).train(&shop, &mut run)?;
    println!("\n{}", version.evaluation());

    // The version lives in a directory, with everything that answers need.
    version.save(&options.out)?;
    println!("saved in {}\n", options.out.display());
    let campaign = Campaign::new(SolutionVersion::load(&options.out, &options.device)?);

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

fn tell(progress: &Progress) {
    if let Progress::Epoch { epoch, train_loss, validation, seconds, .. } = progress {
        let validation =
            validation.map_or(String::new(), |value| format!(", validation {value:.4}"));
        println!("epoch {epoch}: loss {train_loss:.4}{validation}, {seconds:.1} s");
    } else if let Progress::Warning { message } = progress {
        println!("warning: {message}");
    }
}
