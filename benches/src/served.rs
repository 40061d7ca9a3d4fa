//! A campaign of a wanted size: made-up data, one short training, the same for the acceptance figure and the bench.

use std::error::Error;

use burn::tensor::{Tensor, TensorData};
use ensue::{
    core::{Run, Seed},
    data::{DatasetGroup, ImportRules},
    nn::{device, retrieval::Catalogue},
    prelude::{AnyRecipe, Campaign, EvaluationMode, PutEvent, Solution},
};

/// Items of the catalogue.
pub const ITEMS: usize = 100_000;
/// Units of the network.
pub const UNITS: usize = 100;
/// Users, with some 50 events each.
pub const USERS: usize = 20_000;

/// An HRNN of [`UNITS`] units over [`ITEMS`] items, trained for one short epoch: speed does not depend on how good it is.
///
/// # Errors
/// What importing or training returns.
pub fn campaign(seed: u64) -> Result<Campaign, Box<dyn Error>> {
    let mut state = seed;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 33) as usize * below) >> 31
    };
    let items: Vec<String> = (0..ITEMS).map(|item| format!("item-{item}")).collect();
    let users: Vec<String> = (0..USERS).map(|user| format!("user-{user}")).collect();
    // Every item once, then 25 to 75 events of each user.
    let every = items.iter().enumerate().map(|(at, item)| (at % USERS, item.as_str(), at as i64));
    let mut events: Vec<(usize, &str, i64)> = every.collect();
    for user in 0..USERS {
        for at in 0..20 + draw(50) {
            events.push((user, &items[draw(ITEMS)], 1_000_000_000 + at as i64 * 600));
        }
    }
    let rows = events.iter().map(|&(user, item, time)| (users[user].as_str(), item, time));
    let group = DatasetGroup::from_events(rows, &ImportRules::default())?;
    // Few users are trained on: the others only make the campaign as large as it is.
    let settings = format!(
        r#"{{"recipe": "aws-hrnn", "hidden_dimension": {UNITS}, "epochs": 1, "lanes": 256, "negatives": 256}}"#
    );
    let recipe: AnyRecipe = serde_json::from_str(&settings)?;
    let solution = Solution { evaluation: EvaluationMode::LastItem, ..Solution::new(recipe) };
    let mut run = Run::new("ndarray").with_seed(Seed(seed)).with_threads(1.try_into()?);
    let plan = Solution { refit: false, ..solution };
    Ok(Campaign::new(plan.train(&group, &mut run)?))
}

/// The `n`-th event of a client that goes through users and items.
pub fn event(n: usize) -> PutEvent {
    let user = format!("user-{}", n * 7919 % 1000);
    PutEvent::new(user, format!("item-{}", n * 104_729 % ITEMS), 1_100_000_000 + n as i64 * 60)
}

/// A table of the same form as the campaign's, whose numbers do not matter, and an output of the network to ask it with.
///
/// # Errors
/// When the build has no `ndarray`.
pub fn table() -> Result<(Catalogue, Vec<f32>), Box<dyn Error>> {
    let device = device::open("ndarray")?;
    let numbers: Vec<f32> =
        (0..ITEMS * UNITS).map(|n| (n * 7919 % 97) as f32 / 97.0 - 0.5).collect();
    let table = Tensor::<2>::from_data(TensorData::new(numbers, [ITEMS, UNITS]), &device);
    let hidden = (0..UNITS).map(|n| (n * 31 % 17) as f32 / 17.0 - 0.5).collect();
    Ok((Catalogue::new(table, Tensor::zeros([ITEMS], &device)), hidden))
}
