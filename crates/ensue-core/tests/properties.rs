//! Rules that must hold for any data, not only for the examples.

use ensue_core::metrics::ranking::{
    NdcgForm, hit_rate_at, ndcg_all_relevant_at, ndcg_at, precision_at, reciprocal_rank,
};
use ensue_core::{
    EvaluationMode, Event, Interactions, InteractionsBuilder, OwnedHistory, RankingAccumulator,
    Seed, Split, split, validation_split,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const USERS: u32 = 12;
const ITEMS: u32 = 9;

fn event() -> impl Strategy<Value = Event> {
    let value = option::of(-5.0_f32..5.0);
    (0..ITEMS, -4_i64..12, option::of(0..3_u8), value, option::of(0..4_u32)).prop_map(
        |(item, timestamp, event_type, value, session)| Event {
            item,
            timestamp,
            event_type,
            value,
            session,
            context: None,
        },
    )
}

fn rows() -> impl Strategy<Value = Vec<(u32, Event)>> {
    vec((0..USERS, event()), 0..160)
}

fn built(rows: &[(u32, Event)]) -> Interactions {
    let mut builder = InteractionsBuilder::new();
    for &(user, event) in rows {
        builder.push(user, event);
    }
    builder.build(USERS as usize, ITEMS as usize)
}

fn mode() -> impl Strategy<Value = EvaluationMode> {
    prop::sample::select(EvaluationMode::ALL.to_vec())
}

/// What every split promises: the input is the oldest part of the user's history, the answers are
/// exactly the items of the rest, nothing held out is trained on, and nothing is made up.
fn assert_no_leak(all: &Interactions, split: &Split, may_train_on_input: bool) {
    let mut asked = vec![false; USERS as usize];
    for query in &split.queries {
        let history = query.history.as_history();
        let whole = all.user(query.user);
        asked[query.user as usize] = true;
        assert!(history.len() < whole.len(), "something is held out");
        assert_eq!(history, whole.first(history.len()));
        let held_out = whole.range(history.len()..);
        let mut expected = held_out.items.to_vec();
        let mut relevant = query.relevant.clone();
        expected.sort_unstable();
        expected.dedup();
        relevant.sort_unstable();
        assert_eq!(relevant, expected, "each answer once and no other");
        if let (Some(newest), Some(oldest)) =
            (history.timestamps.last(), held_out.timestamps.first())
        {
            assert!(newest <= oldest, "the future is not in the input");
        }
        let trained = split.train.user(query.user);
        if may_train_on_input {
            assert_eq!(trained, history);
        } else {
            assert!(trained.is_empty());
        }
    }
    for (user, history) in all.users().filter(|(user, _)| !asked[*user as usize]) {
        let trained = split.train.user(user);
        assert_eq!(trained, history, "users not asked about train whole");
    }
    assert!(split.queries.is_sorted_by_key(|query| query.user));
    assert_eq!(split.train.n_users(), all.n_users());
    assert_eq!(split.train.n_items(), all.n_items());
}

proptest! {
    // Oracle of each: the rule in its name, checked against the generated rows themselves.

    #[test]
    fn building_is_a_stable_sort_by_user_and_time(rows in rows()) {
        let interactions = built(&rows);
        let mut expected = rows;
        expected.sort_by_key(|(user, event)| (*user, event.timestamp));
        let found: Vec<(u32, Event)> = interactions
            .users()
            .flat_map(|(user, history)| history.events().map(move |event| (user, event)))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn pushing_one_by_one_ends_as_building_at_once(rows in vec(event(), 0..40)) {
        let rows: Vec<(u32, Event)> = rows.into_iter().map(|event| (0, event)).collect();
        let history: OwnedHistory = rows.iter().map(|(_, event)| *event).collect();
        let interactions = built(&rows);
        prop_assert_eq!(history.as_history(), interactions.user(0));
    }

    #[test]
    fn stored_interactions_come_back_with_their_fingerprint(rows in rows()) {
        let interactions = built(&rows);
        let mut bytes = Vec::new();
        interactions.write_to(&mut bytes).unwrap();
        let back = Interactions::read_from(&bytes).unwrap();
        prop_assert_eq!(back.fingerprint(), interactions.fingerprint());
        prop_assert_eq!(back, interactions);
    }

    #[test]
    fn reading_damaged_interactions_never_panics(
        rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        built(&rows).write_to(&mut bytes).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        // What can be read is whole and holds together: every user's history can be walked.
        if let Ok(interactions) = Interactions::read_from(&bytes) {
            prop_assert!(!cut);
            let events: usize = interactions.users().map(|(_, h)| h.events().count()).sum();
            prop_assert_eq!(events, interactions.len());
        }
    }

    #[test]
    fn no_split_leaks(rows in rows(), mode in mode(), seed in any::<u64>()) {
        let all = built(&rows);
        let parts = split(&all, mode, Seed(seed));
        assert_no_leak(&all, &parts, mode != EvaluationMode::NewestTenth);
    }

    #[test]
    fn no_validation_split_leaks(rows in rows(), seed in any::<u64>(), fraction in 0.0..=1.0) {
        let all = built(&rows);
        assert_no_leak(&all, &validation_split(&all, Seed(seed), fraction), true);
    }

    #[test]
    fn metrics_lie_between_zero_and_one(
        queries in vec((vec(0..60_u32, 0..40), vec(0..60_u32, 0..30)), 0..6),
        form in prop::sample::select(vec![NdcgForm::Amazon, NdcgForm::AmazonSample]),
    ) {
        let mut metrics = RankingAccumulator::new(form);
        for (recommended, relevant) in &queries {
            metrics.add(recommended, relevant);
        }
        let report = metrics.finish(60);
        prop_assert_eq!(report.queries, queries.len());
        for (name, value) in report.metrics() {
            prop_assert!((0.0..=1.0 + 1e-12).contains(&value), "{} is {}", name, value);
        }
    }

    #[test]
    fn a_hit_moved_up_never_makes_a_metric_worse(
        mut hits in vec(any::<bool>(), 2..30), at in any::<prop::sample::Index>(), k in 1..30_usize,
    ) {
        let at = 1 + at.index(hits.len() - 1);
        prop_assume!(hits[at] && !hits[at - 1]);
        let relevant = hits.iter().filter(|&&hit| hit).count();
        let measure = |hits: &[bool]| [
            reciprocal_rank(hits),
            precision_at(hits, k),
            hit_rate_at(hits, k),
            ndcg_all_relevant_at(hits, k, relevant),
            ndcg_at(hits, k, NdcgForm::AmazonSample),
        ];
        let before = measure(&hits);
        hits.swap(at, at - 1);
        for (before, after) in before.into_iter().zip(measure(&hits)) {
            prop_assert!(after >= before - 1e-12, "{} after {}", after, before);
        }
    }
}
