//! What is special about HRNN; what every recipe must do is in the conformance suite.

use std::num::NonZeroUsize;

use ensue_core::{Event, History, Interactions, InteractionsBuilder, Run, Seed};

use super::{
    Hierarchy, Hrnn, Plan,
    context::Coder,
    repeat::{CAPACITY, Seen},
    stream::{Batch, Streams, time_ranks},
};
use crate::{
    Query, Recipe, Recommend, TrainingData,
    conformance::{Conformance, KnownAnswer, checkerboard},
    rank_of,
};

impl Conformance for Hrnn {
    const ANSWER: KnownAnswer = KnownAnswer::NextSquare;

    fn small() -> Self {
        Self {
            hidden_dimension: count(16),
            lanes: count(4),
            bptt: count(8),
            epochs: count(20),
            learning_rate: 0.02,
            ..Self::default()
        }
    }
}

fn count(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

/// Users with 2 to 12 events; the item of an event says whose it is and where it stands: `user * 20 + place`.
fn traceable() -> Interactions {
    let mut builder = InteractionsBuilder::new();
    for user in 0..9u32 {
        for at in 0..2 + user + user % 3 {
            let timestamp = i64::from(at) * 600 + i64::from(at / 4) * 86_400;
            builder.push(user, Event::new(user * 20 + at, timestamp));
        }
    }
    builder.build(9, 200)
}

fn streams(hierarchy: Hierarchy, lanes: usize, bptt: usize, lookahead: usize) -> Streams {
    let settings = Hrnn {
        hierarchy,
        lanes: count(lanes),
        bptt: count(bptt),
        lookahead: count(lookahead),
        max_user_history_length_percentile: 1.0,
        recency_mask: false,
        ..Hrnn::default()
    };
    let data = TrainingData::from_interactions(traceable());
    Plan::new("aws-hrnn", &settings).learner(&data, &Run::new("ndarray")).unwrap().streams
}

fn epoch(streams: &Streams) -> Vec<Batch> {
    let batches: Vec<Batch> = streams.epoch(Seed(3)).collect();
    assert_eq!(batches.len(), streams.steps());
    batches
}

/// (item, next item) of every weighted answer, sorted.
fn answers(batches: &[Batch], lookahead: usize) -> Vec<(i32, i32)> {
    let mut found = Vec::new();
    for batch in batches {
        for (i, &item) in batch.items.iter().enumerate() {
            for k in i * lookahead..(i + 1) * lookahead {
                if batch.weights[k] > 0.0 {
                    found.push((item, batch.targets[k]));
                }
            }
        }
    }
    found.sort_unstable();
    found
}

// Oracle: every pair of events of a user that lie at most `lookahead` apart, listed directly.
#[test]
fn an_epoch_asks_for_every_succession_once() {
    for hierarchy in [Hierarchy::SessionInput, Hierarchy::Flat, Hierarchy::UserState] {
        for (lanes, bptt, lookahead) in [(1, 1, 1), (3, 4, 1), (4, 32, 2), (20, 3, 3)] {
            let streams = streams(hierarchy, lanes, bptt, lookahead);
            let mut want = Vec::new();
            for (_, history) in traceable().users() {
                for at in 0..history.len() {
                    for next in at + 1..history.len().min(at + 1 + lookahead) {
                        want.push((history.items[at] as i32, history.items[next] as i32));
                    }
                }
            }
            want.sort_unstable();
            assert_eq!(answers(&epoch(&streams), lookahead), want, "{hierarchy:?} {lanes} {bptt}");
        }
    }
}

// Oracle: the definition of a stream; a lane goes on where it stopped, and forgets at a user's first event only.
#[test]
fn lanes_go_on_across_steps_and_forget_between_users() {
    let streams = streams(Hierarchy::Flat, 3, 4, 1);
    let mut last = [None::<i32>; 3];
    for batch in epoch(&streams) {
        let time = batch.items.len() / 3;
        for (lane, last) in last.iter_mut().enumerate() {
            for i in lane * time..(lane + 1) * time {
                if batch.weights[i] == 0.0 {
                    continue;
                }
                let first = batch.items[i] % 20 == 0;
                assert_eq!(batch.keep[i], if first { 0.0 } else { 1.0 });
                if !first {
                    assert_eq!(*last, Some(batch.items[i] - 1), "the event before");
                }
                *last = Some(batch.items[i]);
            }
        }
    }
}

// Oracle: a reading of the rule; no chunk crosses a session or a user, and marks say where it stands.
#[test]
fn session_chunks_stay_inside_a_session() {
    let streams = streams(Hierarchy::UserState, 3, 3, 1);
    for batch in epoch(&streams) {
        let marks = batch.sessions.as_ref().unwrap();
        let time = batch.items.len() / 3;
        assert!(time <= 3);
        for lane in 0..3 {
            let rows = lane * time..(lane + 1) * time;
            let used: Vec<i32> =
                rows.clone().filter(|&i| batch.weights[i] > 0.0).map(|i| batch.items[i]).collect();
            let Some(&first) = used.first() else { continue };
            // Sessions of `traceable` begin at every fourth event.
            assert_eq!(marks.starts[lane], f32::from(u8::from(first % 20 % 4 == 0)));
            assert_eq!(marks.known[lane], f32::from(u8::from(first % 20 > 0)));
            assert!(used.iter().all(|i| i / 20 == first / 20 && i % 20 / 4 == first % 20 / 4));
            let last: Vec<f32> = marks.last[rows].to_vec();
            assert_eq!(last.iter().position(|&v| v == 1.0), Some(used.len() - 1));
            assert_eq!(last.iter().sum::<f32>(), 1.0);
        }
    }
}

#[test]
fn a_gap_or_a_session_column_starts_a_session() {
    let coder = Coder { gap: 1800, hierarchy: Hierarchy::SessionInput, types: 1 };
    let timestamps = [0, 1800, 3601, 3601];
    let history = |sessions| History {
        items: &[1, 2, 3, 4],
        timestamps: &timestamps,
        sessions,
        ..History::default()
    };
    let starts = |h| (0..4).map(|at| coder.starts_session(h, at)).collect::<Vec<_>>();
    assert_eq!(starts(history(None)), [true, false, true, false]);
    assert_eq!(starts(history(Some(&[7, 7, 7, 8]))), [true, false, false, true]);
    // First event; 1800 s inside; 1801 s at a start; 0 s inside.
    let codes: Vec<i32> = (0..4).map(|at| coder.code(history(None), at)).collect();
    assert_eq!(codes, [0, 1 + 10, 1 + 31 + 10, 1]);
}

#[test]
fn dropout_meets_its_rate_and_keeps_the_mean() {
    let mask = ensue_nn::init::dropout_mask(100_000, 0.3, &mut Seed(1).stream("mask"));
    let zeros = mask.iter().filter(|&&v| v == 0.0).count() as f64 / 1e5;
    let mean = mask.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e5;
    // Three standard deviations of a share of 100,000 draws.
    assert!((zeros - 0.3).abs() < 0.0045, "{zeros}");
    assert!((mean - 1.0).abs() < 0.0065, "{mean}");
}

#[test]
fn ranks_in_time_run_from_oldest_to_newest_over_all_users() {
    let mut builder = InteractionsBuilder::new();
    for (user, time) in [(0, 10), (0, 40), (1, 20), (1, 20), (1, 50)] {
        builder.push(user, Event::new(0, time));
    }
    assert_eq!(time_ranks(&builder.build(2, 1)), [0.0, 0.75, 0.25, 0.25, 1.0]);
}

// Oracle: `rank_of` on the scores of each prefix, answered one by one.
#[test]
fn one_sweep_ranks_like_separate_questions() {
    for hierarchy in [Hierarchy::SessionInput, Hierarchy::UserState, Hierarchy::Flat] {
        let settings = Hrnn { hierarchy, epochs: count(2), ..Hrnn::small() };
        let data = TrainingData::from_interactions(traceable());
        let model = settings.fit(&data, &mut Run::new("ndarray").with_seed(Seed(1))).unwrap();
        let traceable = traceable();
        let history = traceable.user(8);
        let ranks = model.next_item_ranks(history, 2).unwrap();
        for (at, rank) in (2..history.len()).zip(ranks) {
            let scores = model.scores(&[Query::from_history(history.first(at))]).unwrap();
            assert_eq!(rank, rank_of(scores.row(0), history.items[at]), "{hierarchy:?} {at}");
        }
    }
}

// Oracle: the checkerboard, where the next square is certain; the same network with every hierarchy and with sampled
// candidates must find it.
#[test]
fn every_hierarchy_and_the_sampled_softmax_learn_the_checkerboard() {
    let data = TrainingData::from_interactions(checkerboard());
    for hierarchy in [Hierarchy::SessionInput, Hierarchy::UserState, Hierarchy::Flat] {
        for full_softmax_limit in [1000, 0] {
            let settings =
                Hrnn { hierarchy, full_softmax_limit, negatives: count(6), ..Hrnn::small() };
            let model = settings.fit(&data, &mut Run::new("ndarray").with_seed(Seed(1))).unwrap();
            let history = data.interactions.user(4);
            let best = model.recommend(&[Query::from_history(history.first(3))], 1).unwrap();
            assert_eq!(
                best[0][0].item,
                (history.items[2] + 2) % 12,
                "{hierarchy:?} {full_softmax_limit}"
            );
        }
    }
}

// Oracle: the promise that nothing a caller can build panics; 255 stands for a missing type.
#[test]
fn a_missing_event_type_counts_as_the_first() {
    let mut builder = InteractionsBuilder::new();
    for user in 0..4 {
        for at in 0..4u32 {
            let event_type = (at != 2).then_some((at % 2) as u8);
            builder.push(user, Event { event_type, ..Event::new(at, i64::from(at)) });
        }
    }
    let data = builder.event_type_names(vec!["a".to_owned(), "b".to_owned()]).build(4, 4);
    let coder = Coder { gap: 1800, hierarchy: Hierarchy::Flat, types: 2 };
    let codes: Vec<i32> = (0..4).map(|at| coder.event_type(data.user(0), at)).collect();
    assert_eq!(codes, [0, 1, 0, 1]);
    let settings = Hrnn { epochs: count(1), ..Hrnn::small() };
    settings.fit(&TrainingData::from_interactions(data), &mut Run::new("ndarray")).unwrap();
}

// Oracle: a reading of the rule: the newest `CAPACITY` distinct items, whatever came before.
#[test]
fn only_the_newest_items_of_a_long_history_are_remembered() {
    let n = CAPACITY as u32 + 10;
    let (items, timestamps): (Vec<u32>, Vec<i64>) = (0..n).map(|i| (i, i64::from(i))).unzip();
    let history = History { items: &items, timestamps: &timestamps, ..History::default() };
    let coder = Coder { gap: 1800, hierarchy: Hierarchy::Flat, types: 1 };
    let mut kept: Vec<u32> = Seen::of(history, &coder).codes().map(|(item, _)| item).collect();
    kept.sort_unstable();
    assert_eq!(kept, (10..n).collect::<Vec<_>>());
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |settings: Hrnn| settings.check().unwrap_err().to_string();
    let cases = [
        (Hrnn { bptt: count(1 << 40), ..Hrnn::default() }, "bptt"),
        (Hrnn { patience: Some(count(2)), ..Hrnn::default() }, "patience"),
        (Hrnn { dropout_input: 1.0, ..Hrnn::default() }, "dropout_input"),
        (Hrnn { learning_rate: f64::NAN, ..Hrnn::default() }, "learning_rate"),
        (Hrnn { session_gap_minutes: 0.0, ..Hrnn::default() }, "session_gap_minutes"),
        (
            Hrnn { min_user_history_length_percentile: 1.0, ..Hrnn::default() },
            "max_user_history_length_percentile",
        ),
    ];
    for (settings, field) in cases {
        let message = refused(settings);
        assert!(message.starts_with(&format!("aws-hrnn: {field} is ")), "{message}");
    }
}
