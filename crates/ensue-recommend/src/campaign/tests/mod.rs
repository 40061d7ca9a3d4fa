//! What campaigns do, by topic.
#![allow(
    clippy::format_push_string,
    clippy::format_collect,
    clippy::default_trait_access,
    reason = "tests write their data as text"
)]

mod basics;
mod batches;
mod compositions;
mod deletion;
mod filtering;
mod kinds;
mod logs;
mod rankings;
mod sessions;
mod threads;

use ensue_core::{EvaluationMode, Run};
use ensue_data::{DatasetGroup, FieldValues, ImportRequest, ImportRules, Schema, Source};

use super::*;
use crate::{Solution, recipes::markov::Markov};

/// 40 users walk around a ring of 10 items, one step a minute; item 9 has most users.
pub(super) fn group() -> DatasetGroup {
    let mut events: Vec<(String, String, i64)> = (0..40)
        .flat_map(|user| {
            (0..4 + user % 3).map(move |step| {
                (format!("u{user}"), format!("i{}", (user + step) % 10), 60 * step)
            })
        })
        .collect();
    events.extend((0..20).map(|user| (format!("once{user}"), "i9".to_owned(), 0)));
    let rules =
        ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
    let events = events.iter().map(|(user, item, time)| (user.as_str(), item.as_str(), *time));
    DatasetGroup::from_events(events, &rules).unwrap()
}

pub(super) fn solution() -> Solution {
    Solution { evaluation: EvaluationMode::LastItem, ..Solution::new(Markov::default()) }
}

pub(super) fn campaign() -> Campaign {
    Campaign::new(solution().train(&group(), &mut Run::new("ndarray")).unwrap())
}

pub(super) fn first(campaign: &Campaign, user: &str) -> String {
    let request = RecommendRequest::new(user).with_num_results(1);
    campaign.recommend(&request).unwrap().items.remove(0).item_id
}

/// The items of an answer.
pub(super) fn ids(answer: &Recommendations) -> Vec<&str> {
    answer.items.iter().map(|line| line.item_id.as_str()).collect()
}

pub(super) fn fields(json: &str) -> FieldValues {
    serde_json::from_str(json).unwrap()
}

/// Twelve people walk around a ring of 6 items with 2 kinds, from one of 2 devices; each is of a town, p0 of one that
/// nobody else is of. Item i5 was made long before the others.
pub(super) fn described() -> DatasetGroup {
    let dir = tempfile::tempdir().unwrap();
    let schema = |name: &str, fields: &str| {
        Schema::parse(&format!(
            r#"{{"type": "record", "name": "{name}", "fields": [{fields}], "version": "1.0"}}"#
        ))
        .unwrap()
    };
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        Source::new(path)
    };
    let id = |name: &str| format!(r#"{{"name": "{name}", "type": "string"}}"#);
    let category = |name: &str| {
        format!(r#"{{"name": "{name}", "type": ["null", "string"], "categorical": true}}"#)
    };
    let long = |name: &str| format!(r#"{{"name": "{name}", "type": "long"}}"#);
    let mut events = String::from("USER_ID,ITEM_ID,TIMESTAMP,DEVICE_TYPE\n");
    let mut users = String::from("USER_ID,TOWN\n");
    for user in 0..12 {
        for step in 0..4 {
            let device = ["phone", "desk"][(user + step) % 2];
            events += &format!("p{user},i{},{},{device}\n", (user + step) % 6, 100_000_000 + step);
        }
        users += &format!(
            "p{user},{}\n",
            ["Atlantis", "Rome", "Oslo"][if user == 0 { 0 } else { 1 + user % 2 }]
        );
    }
    let mut items = String::from("ITEM_ID,KIND,PRICE_EUR,CREATION_TIMESTAMP\n");
    for item in 0..6 {
        let since = if item == 5 { 1000 } else { 99_999_999 };
        items += &format!("i{item},{},{item},{since}\n", ["even", "odd"][item % 2]);
    }
    let interactions = [id("USER_ID"), id("ITEM_ID"), long("TIMESTAMP"), category("DEVICE_TYPE")];
    let price = r#"{"name": "PRICE_EUR", "type": ["null", "float"]}"#.to_owned();
    let created = r#"{"name": "CREATION_TIMESTAMP", "type": ["null", "long"]}"#.to_owned();
    let item_fields = [id("ITEM_ID"), category("KIND"), price, created];
    let rules =
        ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
    let events =
        file("events.csv", &events).with_schema(schema("Interactions", &interactions.join(",")));
    let request = ImportRequest::new(events)
        .with_users(
            file("users.csv", &users)
                .with_schema(schema("Users", &[id("USER_ID"), category("TOWN")].join(","))),
        )
        .with_items(file("items.csv", &items).with_schema(schema("Items", &item_fields.join(","))))
        .with_rules(rules);
    DatasetGroup::import(&request, &mut Run::new("ndarray")).unwrap()
}

/// A Markov chain of [`described`].
pub(super) fn described_version() -> SolutionVersion {
    solution().train(&described(), &mut Run::new("ndarray")).unwrap()
}
