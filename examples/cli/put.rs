//! `ensue recommend put`: JSON lines into the log of a campaign.
//!
//! | line | what it is |
//! |---|---|
//! | `{"user_id": "u", "item_id": "i", "timestamp": 0}` | an event (`PutEvent`) |
//! | `{"sessionId": "s", "userId": "u", "eventList": [..]}` | up to ten events of a session (`PutEvents`) |
//! | `{"itemId": "i", "properties": {..}}` | an item (`PutItem`) |
//! | `{"userId": "u", "properties": {..}}` | a user (`PutUser`) |

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use clap::Args;
use ensue::prelude::*;
use ensue::recommend::{PutEvents, PutItem, PutUser};
use serde_json::{Value, from_value, json};

use crate::{About, AnyError};

/// Items or users put at once.
const MANY: usize = 10_000;

#[derive(Debug, Args)]
pub(crate) struct PutOptions {
    /// Directory of a trained version.
    #[arg(long, value_name = "DIR")]
    version: PathBuf,
    /// Event log of the campaign; begun where there is none.
    #[arg(long, value_name = "FILE")]
    log: PathBuf,
    /// What is new, a JSON object a line: events, sessions of events, items, users.
    #[arg(long, value_name = "FILE")]
    events: PathBuf,
    /// Device: ndarray (CPU), or wgpu (GPU) in a build with that feature.
    #[arg(long, default_value = "ndarray")]
    device: String,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

pub(crate) fn put(options: &PutOptions) -> Result<(), AnyError> {
    let about = |error: std::io::Error| About::file(&options.events, error);
    let file = BufReader::new(File::open(&options.events).map_err(about)?);
    let version = SolutionVersion::load(&options.version, &options.device)?;
    let campaign = Campaign::open(version, &options.log)?;
    for warning in campaign.warnings() {
        eprintln!("warning: {warning}");
    }
    let before = campaign.event_counts();
    let mut waiting = Waiting::default();
    for (number, line) in (1..).zip(file.lines()) {
        let line = line.map_err(about)?;
        let taken = waiting.line(&campaign, number, line.trim());
        taken.map_err(|error| About::file(&options.events, error))?;
    }
    waiting.flush(&campaign).map_err(|error| About::file(&options.events, error))?;
    campaign.sync()?;

    let after = campaign.event_counts();
    let received = after.received - before.received;
    let unknown_item = after.unknown_item - before.unknown_item;
    let not_selected = after.not_selected - before.not_selected;
    let duplicates = after.duplicates - before.duplicates;
    let (items, users) = (waiting.n_items, waiting.n_users);
    if options.json {
        let counts = json!({
            "events": received,
            "unknown_item": unknown_item,
            "not_selected": not_selected,
            "duplicates": duplicates,
            "items": items,
            "users": users,
        });
        println!("{counts}");
    } else {
        println!(
            "{received} events ({unknown_item} on unknown items, {not_selected} not selected, {duplicates} duplicates), \
             {items} items, {users} users"
        );
    }
    Ok(())
}

/// Items and users that wait for more of them: each call works through the whole catalogue.
#[derive(Debug, Default)]
struct Waiting {
    items: Vec<PutItem>,
    users: Vec<PutUser>,
    /// The first line of what waits.
    since: usize,
    n_items: usize,
    n_users: usize,
}

impl Waiting {
    fn line(&mut self, campaign: &Campaign, number: usize, line: &str) -> Result<(), AnyError> {
        if line.is_empty() {
            return Ok(());
        }
        let at = |error: &dyn std::fmt::Display| format!("line {number}: {error}");
        let line: Value = serde_json::from_str(line).map_err(|error| at(&error))?;
        let has = |names: [&str; 2]| names.iter().any(|name| line.get(name).is_some());
        let (user, item) = (has(["user_id", "userId"]), has(["item_id", "itemId"]));
        let events = has(["event_list", "eventList"]);
        let event = !events && (has(["timestamp", "timestamp"]) || user && item);
        // The order of the lines is kept where it matters: an event may be on an item of the line before.
        if events || event || self.items.len() + self.users.len() >= MANY {
            self.flush(campaign)?;
        }
        if self.items.is_empty() && self.users.is_empty() {
            self.since = number;
        }
        if events {
            let put: PutEvents = from_value(line).map_err(|error| at(&error))?;
            campaign.put_events(&put).map_err(|error| at(&error))?;
        } else if event {
            let put: PutEvent = from_value(line).map_err(|error| at(&error))?;
            campaign.put_event(&put).map_err(|error| at(&error))?;
        } else if item {
            self.items.push(from_value(line).map_err(|error| at(&error))?);
        } else if user {
            self.users.push(from_value(line).map_err(|error| at(&error))?);
        } else {
            return Err(at(&"neither an event, nor an item, nor a user").into());
        }
        Ok(())
    }

    fn flush(&mut self, campaign: &Campaign) -> Result<(), AnyError> {
        let since = self.since;
        let at = |error: CampaignError| format!("line {since} or after it: {error}");
        if !self.items.is_empty() {
            campaign.put_items(&self.items).map_err(at)?;
        }
        if !self.users.is_empty() {
            campaign.put_users(&self.users).map_err(at)?;
        }
        self.n_items += self.items.len();
        self.n_users += self.users.len();
        self.items.clear();
        self.users.clear();
        Ok(())
    }
}
