use std::{collections::HashSet, num::NonZeroUsize};

use ensue_core::{Event, Interactions, InteractionsBuilder, OwnedHistory};
use proptest::prelude::*;

use super::*;
use crate::conformance::{Conformance, KnownAnswer};

impl Conformance for Sims {
    const ANSWER: KnownAnswer = KnownAnswer::SameColour;

    fn small() -> Self {
        everything()
    }
}

/// Cosine over all users and items.
fn everything() -> Sims {
    Sims {
        min_cointeraction_count: 0,
        min_user_history_length_percentile: 0.0,
        max_user_history_length_percentile: 1.0,
        min_item_interaction_count_percentile: 0.0,
        max_item_interaction_count_percentile: 1.0,
        ..Sims::default()
    }
}

fn table(histories: &[Vec<u32>], n_items: usize) -> Interactions {
    let mut events = InteractionsBuilder::new();
    for (user, items) in histories.iter().enumerate() {
        for (time, &item) in items.iter().enumerate() {
            events.push(user as u32, Event::new(item, time as i64));
        }
    }
    events.build(histories.len(), n_items)
}

fn fit(settings: &Sims, histories: &[Vec<u32>], n_items: usize) -> FittedSims {
    let data = TrainingData::from_interactions(table(histories, n_items));
    settings.fit(&data, &mut Run::new("ndarray")).unwrap()
}

fn related(model: &FittedSims, item: u32) -> Vec<u32> {
    model.related(item).map(|(item, _)| item).collect()
}

fn answer(model: &FittedSims, items: &[u32]) -> Vec<u32> {
    let events = items.iter().enumerate().map(|(time, &item)| Event::new(item, time as i64));
    let history: OwnedHistory = events.collect();
    let query = Query::from_history(history.as_history());
    let lines = model.recommend(&[query], model.n_items()).unwrap().remove(0);
    lines.into_iter().map(|line| line.item).collect()
}

/// Users of 0: 4, of 1: 4, of 2: 2, of 3: 1; together 0 and 1: 3, 0 and 2: 2, 1 and 2: 1.
fn small() -> Vec<Vec<u32>> {
    vec![vec![0, 1, 0], vec![0, 1, 2], vec![2, 0], vec![1, 0, 1], vec![1], vec![3]]
}

#[test]
fn scores_are_the_documented_formula() {
    // Oracle: c / (n_i n_j)^d by hand; repeats count once.
    let cosine = fit(&everything(), &small(), 5);
    assert_eq!(cosine.related(0).collect::<Vec<_>>(), [(1, 0.75), (2, (2.0 / 8f64.sqrt()) as f32)]);
    assert_eq!(related(&cosine, 3), [0u32; 0]);
    let counted = Sims { popularity_discount_factor: 0.0, ..everything() };
    assert_eq!(fit(&counted, &small(), 5).related(0).collect::<Vec<_>>(), [(1, 3.0), (2, 2.0)]);
    let lift = Sims { popularity_discount_factor: 1.0, ..everything() };
    assert_eq!(fit(&lift, &small(), 5).related(0).collect::<Vec<_>>(), [(2, 0.25), (1, 0.1875)]);
}

#[test]
fn thin_and_unknown_items_get_popular_ones() {
    // Oracle: by hand; distinct users are 4, 4, 2, 1, 0, and the item itself comes last.
    let model = fit(&everything(), &small(), 5);
    assert_eq!(answer(&model, &[]), [0, 1, 2, 3, 4]);
    assert_eq!(answer(&model, &[3]), [0, 1, 2, 4, 3]);
    assert_eq!(answer(&model, &[0, 4]), [0, 1, 2, 3, 4]);
    assert_eq!(answer(&model, &[3, 2]), [0, 1, 3, 4, 2]);
    let thin = Sims { min_cointeraction_count: 3, ..everything() };
    let model = fit(&thin, &small(), 5);
    assert_eq!(related(&model, 0), [1]);
    assert_eq!(answer(&model, &[2]), [0, 1, 3, 4, 2]);
}

#[test]
fn no_more_neighbors_than_asked_for_are_kept() {
    // Oracle: by hand, the better one of two.
    let one = Sims { neighbors: NonZeroUsize::MIN, ..everything() };
    let model = fit(&one, &small(), 5);
    assert_eq!([related(&model, 0), related(&model, 1), related(&model, 2)], [[1], [0], [0]]);
}

#[test]
fn users_outside_their_percentiles_are_not_counted() {
    // Oracle: by hand. Distinct lengths are 1 1 2 2 2 3, places 0 to 5: 0.2 is place 1, 0.8 is place 4.
    let long = Sims { max_user_history_length_percentile: 0.8, ..everything() };
    let model = fit(&long, &small(), 5);
    // Without the user of 0 1 2: 0 and 1 have 3 users each and 2 together.
    assert_eq!(model.related(0).next(), Some((1, (2.0 / 3.0) as f32)));
    let short = Sims { min_user_history_length_percentile: 0.4, ..everything() };
    // Without the users of 1 alone and 3 alone: item 1 has 3 users.
    let model = fit(&short, &small(), 5);
    assert_eq!(model.related(0).next(), Some((1, (3.0 / 12f64.sqrt()) as f32)));
    // Popularity still knows them.
    assert_eq!(answer(&model, &[]), [0, 1, 2, 3, 4]);
}

#[test]
fn items_outside_their_percentiles_are_in_no_pair() {
    // Oracle: by hand. Users of items are 1 2 4 4, places 0 to 3: 0.33 is place 1, 0.66 is place 2.
    let rare = Sims { min_item_interaction_count_percentile: 0.66, ..everything() };
    let model = fit(&rare, &small(), 5);
    assert_eq!([related(&model, 0), related(&model, 1)], [[1], [0]]);
    assert_eq!(related(&model, 2), [0u32; 0]);
    let popular = Sims { max_item_interaction_count_percentile: 0.33, ..everything() };
    let model = fit(&popular, &small(), 5);
    assert!((0..5).all(|item| related(&model, item).is_empty()));
}

#[test]
fn settings_outside_their_ranges_are_named() {
    // Oracle: the ranges of the table.
    let named = |settings: Sims| match settings.check() {
        Err(SettingsError::Field { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let d = Sims::default;
    let nan = Sims { popularity_discount_factor: f64::NAN, ..d() };
    assert_eq!(named(nan), "popularity_discount_factor");
    assert_eq!(named(Sims { min_cointeraction_count: 11, ..d() }), "min_cointeraction_count");
    let crossed = Sims { max_user_history_length_percentile: 0.001, ..d() };
    assert_eq!(named(crossed), "max_user_history_length_percentile");
    let crossed = Sims { max_item_interaction_count_percentile: 0.0, ..d() };
    assert_eq!(named(crossed), "max_item_interaction_count_percentile");
    let many = NonZeroUsize::new(10_001).unwrap();
    assert_eq!(named(Sims { neighbors: many, ..d() }), "neighbors");
}

#[test]
fn threads_do_not_change_the_result() {
    // Oracle: one thread; enough items for several blocks.
    let histories: Vec<Vec<u32>> = (0..500u32)
        .map(|u| (0..9).map(|at| (u * 31 + at * at * (u % 7 + 1)) % 600).collect())
        .collect();
    let data = TrainingData::from_interactions(table(&histories, 600));
    let fit = |threads| {
        let threads = NonZeroUsize::new(threads).unwrap();
        everything().fit(&data, &mut Run::new("ndarray").with_threads(threads)).unwrap()
    };
    assert_eq!(fit(3), fit(1));
}

proptest! {
    #[test]
    fn lists_equal_those_of_sets(
        histories in prop::collection::vec(prop::collection::vec(0u32..40, 0..12), 1..40),
        discount in prop::sample::select(vec![0.0, 0.3, 0.5, 1.0]),
        least in 0u32..4,
        neighbors in 1usize..8,
    ) {
        // Oracle: sets of users, one an item, intersected pair by pair.
        let settings = Sims {
            popularity_discount_factor: discount,
            min_cointeraction_count: least,
            neighbors: NonZeroUsize::new(neighbors).unwrap(),
            ..everything()
        };
        let model = fit(&settings, &histories, 40);
        let mut users = vec![HashSet::new(); 40];
        for (user, items) in histories.iter().enumerate() {
            items.iter().for_each(|&item| { users[item as usize].insert(user); });
        }
        for i in 0..40 {
            let mut expected: Vec<(f64, u32)> = (0..40)
                .filter(|&j| j != i)
                .map(|j| (users[i].intersection(&users[j]).count(), j))
                .filter(|&(c, _)| c > 0 && c >= least as usize)
                .map(|(c, j)| {
                    let popular = (users[i].len() * users[j].len()) as f64;
                    (c as f64 / popular.powf(discount), j as u32)
                })
                .collect();
            expected.sort_by(|a, b| b.0.total_cmp(&a.0));
            let found: Vec<(u32, f32)> = model.related(i as u32).collect();
            prop_assert_eq!(found.len(), expected.len().min(neighbors));
            for (&(item, score), &(best, _)) in found.iter().zip(&expected) {
                // Equal scores are interchangeable; each must be the true one of its item.
                let own = expected.iter().find(|(_, other)| *other == item).unwrap().0;
                prop_assert!((f64::from(score) - own).abs() <= 1e-6 * own);
                prop_assert!((own - best).abs() <= 1e-6 * own);
            }
            prop_assert!(found.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
        }
    }
}
