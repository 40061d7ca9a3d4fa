//! `ensue recommend query`.

use std::time::{SystemTime, UNIX_EPOCH};

use ensue::prelude::*;
use ensue::recommend::EventOutcome;
use serde_json::json;

use crate::AnyError;
use crate::options::QueryOptions;

pub(crate) fn query(options: &QueryOptions) -> Result<(), AnyError> {
    let campaign = Campaign::new(SolutionVersion::load(&options.version, &options.device)?);
    for (item, time) in &options.events {
        let put = PutEvent::new(&options.user, item, time.unwrap_or_else(now));
        match campaign.put_event(&put)? {
            EventOutcome::UnknownItem => {
                eprintln!("warning: item {item:?} is not in the catalogue and changes nothing");
            }
            EventOutcome::NotSelected => eprintln!(
                "warning: the event on item {item:?} changes nothing: this version was trained on events of one \
                 type or above a value, and --event gives neither"
            ),
            _ => {}
        }
    }
    let request = RecommendRequest::new(&options.user)
        .with_num_results(options.num_results)
        .with_exclude_seen(options.exclude_seen);
    let answer = campaign.recommend(&request)?;
    if options.json {
        println!("{}", json!(answer));
        return Ok(());
    }
    if !answer.known_user {
        println!("nothing is known of this user: popular items");
    }
    for (place, line) in answer.items.iter().enumerate() {
        let score = line.score.map_or(String::new(), |score| format!("  {score:.6}"));
        println!("{:>4}  {}{score}", place + 1, line.item_id);
    }
    Ok(())
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64)
}
