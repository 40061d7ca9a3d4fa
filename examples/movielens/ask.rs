//! What one typically asks of each recipe.

use std::collections::HashMap;
use std::error::Error;

use ensue::prelude::*;
use serde_json::json;

/// 22, works in healthcare, rated 737 films.
const SOMEONE: &str = "405";
const STAR_WARS: &str = "50";

/// Asks the typical question and prints the answer.
pub(crate) fn typical(
    recipe: &str,
    campaign: &Campaign,
    group: &DatasetGroup,
    titles: &HashMap<String, String>,
) -> Result<(), Box<dyn Error>> {
    match recipe {
        "aws-sims" => {
            let request = RecommendRequest::for_item(STAR_WARS).with_num_results(10);
            show("Films that go with Star Wars", &campaign.recommend(&request)?.items, titles);
        }
        "aws-personalized-ranking" => {
            // A shelf of ten films, in the order of their ids.
            let shelf = (1..=10).map(|id| id.to_string());
            let answer = campaign.rank(&RankRequest::new(SOMEONE, shelf))?;
            show("The first ten films, ranked for a person", &answer.personalized_ranking, titles);
        }
        "aws-hrnn-coldstart" => {
            // An invented film, of which nothing is known but its genre and year: it can be recommended at once.
            let properties: FieldValues =
                serde_json::from_value(json!({"GENRE": "Children's|Animation", "YEAR": 1998}))?;
            let film = PutItem { item_id: "The Invented Film".to_owned(), properties };
            campaign.put_items(&[film])?;
            let columns = vec!["GENRE".to_owned()];
            let fan = fan_of("Animation", group).ok_or("somebody has seen animation")?;
            let request =
                RecommendRequest { metadata_columns: columns, ..RecommendRequest::new(&fan) };
            let answer = campaign.recommend(&request.with_num_results(10))?;
            show(&format!("New films for {fan}, who sees much animation"), &answer.items, titles);
        }
        _ => {
            let request =
                RecommendRequest::new(SOMEONE).with_num_results(10).with_exclude_seen(true);
            let metadata_columns = vec!["GENRE".to_owned()];
            let request = RecommendRequest { metadata_columns, ..request };
            show("Films for a person", &campaign.recommend(&request)?.items, titles);
            campaign
                .create_filter("comedies", r#"INCLUDE ItemID WHERE Items.GENRE IN ("Comedy")"#)?;
            let comedies = campaign.recommend(&request.with_filter("comedies"))?;
            show("Comedies for the same", &comedies.items, titles);
        }
    }
    Ok(())
}

/// The person of whose films the largest share is of a genre.
fn fan_of(genre: &str, group: &DatasetGroup) -> Option<String> {
    let films = group.item_table.as_ref()?;
    let is_of = |item: u32| {
        let cell = films.row(item).remove("GENRE");
        matches!(cell, Some(FieldValue::Text(cell)) if cell.split('|').any(|one| one == genre))
    };
    let of_genre: Vec<bool> = (0..group.items.len() as u32).map(is_of).collect();
    let share = |user: u32| {
        let items = group.interactions.user(user).items;
        let hits = items.iter().filter(|&&item| of_genre[item as usize]).count();
        hits as f64 / items.len().max(1) as f64
    };
    let users = 0..group.users.len() as u32;
    let fan = users.max_by(|&a, &b| share(a).total_cmp(&share(b)))?;
    group.users.decode(fan).map(str::to_owned)
}

fn show(title: &str, items: &[RecommendedItem], titles: &HashMap<String, String>) {
    println!("{title}:");
    for line in items {
        let name = titles.get(&line.item_id).unwrap_or(&line.item_id);
        let score = line.score.map_or(String::new(), |score| format!("{score:.4}"));
        let genre = line.metadata.iter().filter_map(|fields| fields.get("GENRE"));
        let genre: String =
            genre.map(|value| format!("  {}", json!(value))).collect::<Vec<_>>().concat();
        println!("  {score:>6}  {name}{genre}");
    }
}
