//! `ensue recommend query`.

use std::time::{SystemTime, UNIX_EPOCH};

use ensue::prelude::*;
use ensue::recommend::EventOutcome;
use serde_json::json;

use crate::AnyError;
use crate::options::QueryOptions;
use crate::serve::{filtered, print};

pub(crate) fn query(options: &QueryOptions) -> Result<(), AnyError> {
    let campaign = options.served.campaign()?;
    if let Some(user) = &options.user {
        tell(&campaign, user, &options.events)?;
    }
    let asking = &options.asking;
    let answer = filtered(&campaign, asking.filter.as_deref(), |filter| {
        let request = RecommendRequest {
            user_id: options.user.clone(),
            item_id: options.item.clone(),
            num_results: options.num_results,
            exclude_seen: options.exclude_seen,
            context: asking.context(),
            filter,
            filter_values: asking.filter_values(),
            metadata_columns: asking.metadata_columns.clone(),
            ..RecommendRequest::default()
        };
        Ok(campaign.recommend(&request)?)
    })?;
    campaign.sync()?;
    if options.json {
        println!("{}", json!(answer));
        return Ok(());
    }
    if !answer.known_user {
        let whom = if options.item.is_some() { "item" } else { "user" };
        println!("nothing is known of this {whom}: popular items");
    }
    print(&answer.items);
    Ok(())
}

/// Tells the campaign what the user did since.
fn tell(campaign: &Campaign, user: &str, events: &[(String, Option<i64>)]) -> Result<(), AnyError> {
    for (item, time) in events {
        let put = PutEvent::new(user, item, time.unwrap_or_else(now));
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
    Ok(())
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs() as i64)
}
