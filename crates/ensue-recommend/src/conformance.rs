//! What every recipe must do, whatever it is: `registry!` runs this suite on each of them.
//!
//! A recipe implements [`Conformance`] beside its own tests: settings that fit the small checkerboard in a second or two,
//! and which known answer it must find there.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use ensue_core::{
    Bitmap, Event, History, Interactions, InteractionsBuilder, OwnedHistory, Run, Seed,
    artifact::{ArtifactReader, ArtifactWriter},
};

use crate::{AnyRecipe, Query, QueryError, Recipe, Recommend, ScoredItem, TrainingData};

/// Items of the checkerboard; even and odd ones never meet in one history.
pub(crate) const ITEMS: u32 = 12;
const USERS: u32 = 120;

/// What a recipe must find in the checkerboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum KnownAnswer {
    /// The item two squares on, which follows without exception.
    NextSquare,
    /// The items by number of distinct users.
    MostPopular,
    /// The other squares of the last one's colour, all others after them, itself last.
    SameColour,
}

/// What the suite needs to know of a recipe.
pub(crate) trait Conformance: Recipe {
    /// The answer it must find.
    const ANSWER: KnownAnswer;

    /// Settings that fit the checkerboard quickly.
    fn small() -> Self {
        Self::default()
    }

    /// The checkerboard, with what else the recipe needs.
    fn data() -> TrainingData {
        TrainingData::from_interactions(checkerboard())
    }
}

/// Each user walks the squares of one colour in steps of two, around the board, for 3 to 12 events.
pub(crate) fn checkerboard() -> Interactions {
    let mut events = InteractionsBuilder::new();
    for user in 0..USERS {
        for step in 0..3 + (user * 7) % 10 {
            let item = (user + 2 * step) % ITEMS;
            events.push(user, Event::new(item, i64::from(1000 * user + 60 * step)));
        }
    }
    events.build(USERS as usize, ITEMS as usize)
}

fn history(items: &[u32]) -> OwnedHistory {
    let mut history = OwnedHistory::default();
    for (place, &item) in items.iter().enumerate() {
        history.push(Event::new(item, 5_000_000 + 60 * place as i64));
    }
    history
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(7))
}

fn fit<R: Conformance>() -> R::Fitted {
    R::small().fit(&R::data(), &mut run()).expect("the checkerboard is good data")
}

fn items(answer: &[ScoredItem]) -> Vec<u32> {
    answer.iter().map(|line| line.item).collect()
}

/// Histories of several lengths, the empty one and one with repeats among them.
fn questions() -> Vec<OwnedHistory> {
    [&[][..], &[3], &[0, 2, 4], &[5, 7, 9, 11, 1, 3, 5], &[6, 6, 8]].map(history).into()
}

fn save(model: &impl Recommend, dir: &Path) {
    let mut out = ArtifactWriter::create(dir).unwrap();
    model.save(&mut out).unwrap();
    out.commit().unwrap();
}

pub(crate) fn finds_the_known_answer<R: Conformance>() {
    // Oracle: how the checkerboard is built.
    let model = fit::<R>();
    for start in 0..ITEMS {
        let walked = history(&[start, (start + 2) % ITEMS]);
        let query = Query { user: None, ..Query::from_history(walked.as_history()) };
        let answer = items(&model.recommend(&[query], ITEMS as usize).unwrap()[0]);
        match R::ANSWER {
            KnownAnswer::NextSquare => assert_eq!(answer[0], (start + 4) % ITEMS, "after {start}"),
            KnownAnswer::MostPopular => assert_eq!(answer, by_distinct_users()),
            KnownAnswer::SameColour => {
                let last = (start + 2) % ITEMS;
                let same = answer[..5].iter().all(|&item| item % 2 == last % 2 && item != last);
                assert!(same && answer[11] == last, "{answer:?} for {last}");
            }
        }
    }
}

/// Oracle of the popularity answer: sets, one an item.
fn by_distinct_users() -> Vec<u32> {
    let mut users = vec![HashSet::new(); ITEMS as usize];
    for (user, history) in checkerboard().users() {
        for &item in history.items {
            users[item as usize].insert(user);
        }
    }
    let mut order: Vec<u32> = (0..ITEMS).collect();
    order.sort_by_key(|&item| (std::cmp::Reverse(users[item as usize].len()), item));
    order
}

pub(crate) fn a_batch_equals_its_single_queries<R: Conformance>() {
    // Oracle: the same model, one query at a time; a GEMM over more rows may round differently in the last digits.
    let model = fit::<R>();
    let histories = questions();
    let queries: Vec<Query<'_>> =
        histories.iter().map(|history| Query::from_history(history.as_history())).collect();
    let together = model.scores(&queries).unwrap();
    assert_eq!((together.rows(), together.n_items()), (queries.len(), ITEMS as usize));
    let answers = model.recommend(&queries, 5).unwrap();
    for (row, query) in queries.iter().enumerate() {
        let alone = model.scores(std::slice::from_ref(query)).unwrap();
        for (a, b) in together.row(row).iter().zip(alone.row(0)) {
            assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "query {row}: {a} and {b}");
        }
        let single = model.recommend(std::slice::from_ref(query), 5).unwrap();
        assert_eq!(items(&answers[row]), items(&single[0]), "query {row}");
    }
}

pub(crate) fn answers_follow_the_scores<R: Conformance>() {
    // Oracle: top-k and softmax written out over `scores`.
    let model = fit::<R>();
    for history in questions() {
        let query = Query::from_history(history.as_history());
        let scores = model.scores(&[query]).unwrap();
        let row = scores.row(0);
        assert!(row.iter().all(|score| score.is_finite()));
        let answer = model.recommend(&[query], ITEMS as usize).unwrap().remove(0);
        let mut order: Vec<u32> = (0..ITEMS).collect();
        order.sort_by(|&a, &b| row[b as usize].total_cmp(&row[a as usize]).then(a.cmp(&b)));
        assert_eq!(items(&answer), order);
        if model.probabilities() {
            let sum: f64 = answer.iter().map(|line| f64::from(line.score.unwrap())).sum();
            assert!((sum - 1.0).abs() < 1e-5, "probabilities sum to {sum}");
            assert!(answer.is_sorted_by(|a, b| a.score >= b.score));
        } else {
            assert!(answer.iter().all(|line| line.score.is_none()));
        }
    }
}

pub(crate) fn ranks_follow_the_scores<R: Conformance>() {
    // Oracle: scores of every prefix, counted.
    let model = fit::<R>();
    let walked = history(&[1, 3, 5, 0, 2, 2, 4]);
    for from in [0, 1, 5, 7, 9] {
        let ranks = model.next_item_ranks(walked.as_history(), from).unwrap();
        let expected: Vec<u32> = (from..walked.as_history().len())
            .map(|place| {
                let scores =
                    model.scores(&[Query::from_history(walked.as_history().first(place))]).unwrap();
                crate::rank_of(scores.row(0), walked.as_history().items[place])
            })
            .collect();
        assert_eq!(ranks, expected, "from {from}");
    }
}

pub(crate) fn excluded_items_stay_out<R: Conformance>() {
    // Oracle: the unrestricted answer without those items.
    let model = fit::<R>();
    let walked = history(&[1, 3, 5]);
    let query = Query::from_history(walked.as_history());
    let all = items(&model.recommend(&[query], ITEMS as usize).unwrap()[0]);
    let excluded = [1, 3, 5, 7];
    let rest = items(&model.recommend(&[query.excluding(&excluded)], ITEMS as usize).unwrap()[0]);
    let expected: Vec<u32> = all.into_iter().filter(|item| !excluded.contains(item)).collect();
    assert_eq!(rest, expected);
}

pub(crate) fn masked_items_stay_out<R: Conformance>() {
    // Oracle: the same items excluded; and a mask that ends before the catalogue allows nothing beyond.
    let model = fit::<R>();
    let walked = history(&[1, 3, 5]);
    let query = Query::from_history(walked.as_history());
    let excluded: Vec<u32> = (0..ITEMS).filter(|item| item % 3 == 1).collect();
    let mut mask = Bitmap::ones(ITEMS as usize);
    for &item in &excluded {
        mask.remove(item);
    }
    let masked = Query { allowed: Some(&mask), ..query };
    let all = ITEMS as usize;
    let expected = model.recommend(&[query.excluding(&excluded)], all).unwrap();
    assert_eq!(model.recommend(&[masked], all).unwrap(), expected);
    let short = Bitmap::ones(5);
    let answer = model.recommend(&[Query { allowed: Some(&short), ..query }], all).unwrap();
    assert_eq!(items(&answer[0]).into_iter().collect::<BTreeSet<_>>(), (0..5).collect());
}

pub(crate) fn lists_are_reranked<R: Conformance>() {
    // Oracle: the list itself as a set; scores that fall and, where there are any, sum to 1; what is unknown comes last.
    let model = fit::<R>();
    let (walked, other) = (history(&[1, 3, 5]), history(&[]));
    let queries = [&walked, &other].map(|h| Query::from_history(h.as_history()));
    let list = [7, ITEMS + 3, 0, 9, ITEMS, 2];
    let answers = model.rerank(&queries, &[&list, &[]]).unwrap();
    assert_eq!(answers.len(), 2);
    assert!(answers[1].is_empty());
    let order = items(&answers[0]);
    assert_eq!(order[4..], [ITEMS + 3, ITEMS]);
    assert_eq!(order[..4].iter().copied().collect::<BTreeSet<_>>(), [0, 2, 7, 9].into());
    assert!(answers[0][4..].iter().all(|line| line.score.is_none()));
    let scores: Vec<Option<f32>> = answers[0][..4].iter().map(|line| line.score).collect();
    if model.probabilities() {
        assert!(scores.is_sorted_by(|a, b| a >= b));
        let sum: f32 = scores.iter().flatten().sum();
        assert!((sum - 1.0).abs() < 1e-5, "scores sum to {sum}");
    } else {
        assert_eq!(scores, [None; 4]);
    }
    let alone = model.rerank(&queries[..1], &[&list]).unwrap();
    assert_eq!(items(&alone[0]), order);
}

pub(crate) fn memories_answer_the_same<R: Conformance>() {
    // Oracle: the answer without a memory; one that was made in steps, and one that is too short, must give the same.
    let model = fit::<R>();
    let walked = history(&[1, 3, 5, 7, 7, 11, 0]);
    let mut memory = None;
    for n in 0..=walked.len() {
        let plain = Query::from_history(walked.as_history().first(n));
        let short = Query { memory: memory.as_ref(), ..plain };
        let made = model.remember(&short).unwrap();
        let whole = Query { memory: made.as_ref(), ..plain };
        let expected = model.scores(&[plain]).unwrap();
        for query in [short, whole] {
            let scores = model.scores(&[query]).unwrap();
            for (a, b) in scores.row(0).iter().zip(expected.row(0)) {
                assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{n} events: {a} and {b}");
            }
        }
        memory = made;
    }
}

pub(crate) fn k_beyond_the_catalogue_gives_the_catalogue<R: Conformance>() {
    // Oracle: the set of all items; and nothing for k = 0.
    let model = fit::<R>();
    let walked = history(&[0, 2]);
    let query = Query::from_history(walked.as_history());
    for k in [ITEMS as usize, ITEMS as usize + 1, 500, usize::MAX] {
        let answer = items(&model.recommend(&[query], k).unwrap()[0]);
        assert_eq!(answer.len(), ITEMS as usize);
        assert_eq!(answer.into_iter().collect::<BTreeSet<_>>(), (0..ITEMS).collect());
    }
    assert!(model.recommend(&[query], 0).unwrap()[0].is_empty());
    assert!(model.recommend(&[], 10).unwrap().is_empty());
}

pub(crate) fn unknown_users_and_items<R: Conformance>() {
    // Oracle: a user id beyond the training data is like no user id; an item beyond the catalogue is an error.
    let model = fit::<R>();
    let walked = history(&[0, 2]);
    let nobody = Query::from_history(walked.as_history());
    let stranger = Query { user: Some(USERS + 5), ..nobody };
    assert_eq!(model.recommend(&[stranger], 5).unwrap(), model.recommend(&[nobody], 5).unwrap());

    let foreign = history(&[0, ITEMS]);
    let expected = QueryError::ItemOutOfRange { item: ITEMS, n_items: ITEMS as usize };
    let query = Query::from_history(foreign.as_history());
    assert_eq!(model.scores(&[query]).unwrap_err(), expected);
    assert_eq!(model.recommend(&[query], 5).unwrap_err(), expected);
    assert_eq!(model.next_item_ranks(foreign.as_history(), 1).unwrap_err(), expected);
}

pub(crate) fn an_empty_history_is_answered<R: Conformance>() {
    // Oracle: finite scores, a full list.
    let model = fit::<R>();
    let empty = OwnedHistory::default();
    let query = Query::from_history(empty.as_history());
    assert!(model.scores(&[query]).unwrap().row(0).iter().all(|score| score.is_finite()));
    assert_eq!(model.recommend(&[query], 25).unwrap()[0].len(), ITEMS as usize);
    assert!(model.next_item_ranks(empty.as_history(), 0).unwrap().is_empty());
}

pub(crate) fn a_saved_model_answers_the_same<R: Conformance>(name: &str) {
    // Oracle: the model before it was saved, bit for bit; through the registry too.
    let model = fit::<R>();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    save(&model, &path);
    let reader = ArtifactReader::open(&path).unwrap();
    let settings = serde_json::to_value(R::small()).unwrap();
    let mut tagged = settings.as_object().unwrap().clone();
    tagged.insert("recipe".into(), name.into());
    let registered: AnyRecipe = serde_json::from_value(tagged.into()).unwrap();
    assert_eq!(registered.name(), R::NAME);

    let typed = R::small().load(&reader, "ndarray").unwrap();
    let boxed = registered.load(&reader, "ndarray").unwrap();
    for history in questions() {
        let query = Query::from_history(history.as_history());
        let before = model.scores(&[query]).unwrap();
        assert_eq!(typed.scores(&[query]).unwrap(), before);
        assert_eq!(boxed.scores(&[query]).unwrap(), before);
        assert_eq!(boxed.recommend(&[query], 5).unwrap(), model.recommend(&[query], 5).unwrap());
    }
}

pub(crate) fn the_same_seed_gives_the_same_bytes<R: Conformance>() {
    // Oracle: a second fit with the same seed, file by file.
    let dir = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        save(&fit::<R>(), &dir.path().join(name));
    }
    let files = |name: &str| -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(dir.path().join(name))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let bytes = std::fs::read(entry.path()).unwrap();
                (entry.file_name().into_string().unwrap(), bytes)
            })
            .collect();
        files.sort();
        files
    };
    let (one, two) = (files("one"), files("two"));
    assert!(one.len() >= 2, "a manifest and at least one file");
    assert!(one == two, "two fits with one seed differ");
}

pub(crate) fn a_damaged_model_is_refused<R: Conformance>() {
    // Oracle: every file of the directory cut in half, or removed, in turn.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model");
    save(&fit::<R>(), &path);
    let load = || {
        ArtifactReader::open(&path)
            .map_err(crate::LoadError::from)
            .and_then(|reader| R::small().load(&reader, "ndarray").map(drop))
    };
    assert!(load().is_ok());
    for entry in std::fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(load().is_err(), "{} cut short was accepted", file.display());
        std::fs::remove_file(&file).unwrap();
        assert!(load().is_err(), "{} missing was accepted", file.display());
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(load().is_ok());
}

pub(crate) fn settings_are_strict_and_round_trip<R: Conformance>() {
    // Oracle: serde's own round trip; an unknown field is refused.
    R::default().check().unwrap();
    for settings in [R::default(), R::small()] {
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<R>(&json).unwrap(), settings);
    }
    assert!(serde_json::from_str::<R>(r#"{"no_such_setting": 1}"#).is_err());
    assert_eq!(serde_json::from_str::<R>("{}").unwrap(), R::default());
    assert_eq!(AnyRecipe::by_name(R::NAME).unwrap().name(), R::NAME);
}

pub(crate) fn a_cancelled_run_fits_nothing<R: Conformance>() {
    // Oracle: the cancel flag, raised before the fit.
    let mut run = run();
    run.cancel.cancel();
    assert!(R::small().fit(&R::data(), &mut run).is_err());
}

pub(crate) fn threads_share_a_model<R: Conformance>() {
    // Oracle: the answers of one thread.
    let model = fit::<R>();
    let walked = history(&[1, 3, 5]);
    let ask = |history: History<'_>| model.recommend(&[Query::from_history(history)], 5).unwrap();
    let expected = ask(walked.as_history());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(ask(walked.as_history()), expected));
        }
    });
}

/// One test for each rule above.
macro_rules! conformance_suite {
    ($recipe:ty, $name:literal) => {
        crate::conformance::conformance_suite!(
            @tests $recipe:
            finds_the_known_answer, a_batch_equals_its_single_queries, answers_follow_the_scores,
            ranks_follow_the_scores, excluded_items_stay_out, k_beyond_the_catalogue_gives_the_catalogue,
            unknown_users_and_items, masked_items_stay_out, lists_are_reranked, memories_answer_the_same, an_empty_history_is_answered, the_same_seed_gives_the_same_bytes,
            a_damaged_model_is_refused, settings_are_strict_and_round_trip, a_cancelled_run_fits_nothing,
            threads_share_a_model,
        );

        #[test]
        fn a_saved_model_answers_the_same() {
            crate::conformance::a_saved_model_answers_the_same::<$recipe>($name);
        }

        #[test]
        fn the_registered_name_is_the_recipes_own() {
            // Oracle: the constant of the trait.
            assert_eq!(<$recipe as crate::Recipe>::NAME, $name);
        }
    };
    (@tests $recipe:ty: $($test:ident,)+) => {
        $(#[test] fn $test() { crate::conformance::$test::<$recipe>(); })+
    };
}
pub(crate) use conformance_suite;
