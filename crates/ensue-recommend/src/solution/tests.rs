use std::{
    fs,
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use ensue_core::{
    Budget, CheckpointPolicy, EvaluationMode, Event, InteractionsBuilder, Progress, Run, Seed,
    artifact::{ArtifactError, ArtifactWriter},
};
use ensue_data::{DatasetGroup, ImportRules};

use super::*;
use crate::{
    AnyRecipe, FitError, Query,
    recipes::{hrnn::Hrnn, markov::Markov, popularity_count::PopularityCount},
};

/// 60 users walk around a ring of 20 items, 6 to 15 steps each.
pub(crate) fn ring() -> DatasetGroup {
    let events: Vec<(String, String, i64)> = (0..60)
        .flat_map(|user| {
            (0..6 + user % 10).map(move |step| {
                (format!("user {user}"), format!("item {}", (3 * user + step) % 20), 100 * step)
            })
        })
        .collect();
    group(events.iter().map(|(user, item, time)| (user.as_str(), item.as_str(), *time)))
}

fn group<'a>(events: impl IntoIterator<Item = (&'a str, &'a str, i64)>) -> DatasetGroup {
    let rules =
        ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
    DatasetGroup::from_events(events, &rules).unwrap()
}

/// A group whose one user has typed and valued events: item 0 viewed (value 1), 1 bought (5), 2 bought (2), 3 bought
/// (none).
fn typed() -> DatasetGroup {
    let mut typed = group([("u", "a", 1), ("u", "b", 2), ("u", "c", 3), ("u", "d", 4)]);
    let mut events = InteractionsBuilder::new();
    for (item, code, value) in
        [(0, 0, Some(1.0)), (1, 1, Some(5.0)), (2, 1, Some(2.0)), (3, 1, None)]
    {
        let event = Event::new(item, i64::from(item));
        events.push(0, Event { event_type: Some(code), value, ..event });
    }
    let names = vec!["view".to_owned(), "buy".to_owned()];
    typed.interactions = events.event_type_names(names).build(1, 4);
    typed
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(3))
}

fn markov() -> Solution {
    Solution { evaluation: EvaluationMode::LastItem, ..Solution::new(Markov::default()) }
}

fn bytes_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn every_evaluation_prints_the_baselines() {
    // Oracle: on the ring the next item follows without exception, so Markov is right at place 1; popularity is not.
    let version = markov().train(&ring(), &mut run()).unwrap();
    let rows: Vec<&str> = version.evaluation().rows.iter().map(|row| row.recipe.as_str()).collect();
    assert_eq!(rows, ["markov", "aws-popularity-count"]);
    assert_eq!(version.metrics().queries, 60);
    assert_eq!(version.metrics().mean_reciprocal_rank_at_25, 1.0);
    let popular = version.evaluation().row("aws-popularity-count").unwrap();
    assert!(popular.seen_kept.mean_reciprocal_rank_at_25 < 0.5);

    let popularity = Solution { recipe: PopularityCount::default().into(), ..markov() };
    let version = popularity.train(&ring(), &mut run()).unwrap();
    let table = version.evaluation().to_string();
    for name in ["aws-popularity-count", "markov", "kept", "removed", "60 queries"] {
        assert!(table.contains(name), "{name} is missing in\n{table}");
    }
}

#[test]
fn removing_seen_items_changes_the_answer() {
    // Oracle: short walks never repeat, so with seen items removed the answer stays and popularity gains.
    let version = markov().train(&ring(), &mut run()).unwrap();
    let popular = version.evaluation().row("aws-popularity-count").unwrap();
    assert_eq!(version.evaluation().own().seen_removed.mean_reciprocal_rank_at_25, 1.0);
    assert!(
        popular.seen_removed.mean_reciprocal_rank_at_25
            > popular.seen_kept.mean_reciprocal_rank_at_25
    );
}

#[test]
fn what_was_measured_is_what_is_served_unless_refitted() {
    // Oracle: by hand. "rare" is seen once, as the last event of a user, after "a". The training part knows nothing that
    // followed "a", and counts a 2, b 1, rare 0; a refit knows that "b" and "rare" followed it once each, "b" more popular.
    let events = [("u", "a", 1), ("u", "b", 2), ("v", "b", 1), ("v", "a", 2), ("v", "rare", 3)];
    let group = group(events);
    let rare = group.items.encode("rare").unwrap();
    let a = group.items.encode("a").unwrap();
    for (refit, rank) in [(false, 3), (true, 2)] {
        let solution = Solution { refit, ..markov() };
        let version = solution.train(&group, &mut run()).unwrap();
        let history = [Event::new(a, 1), Event::new(rare, 2)]
            .into_iter()
            .collect::<ensue_core::OwnedHistory>();
        let ranks = version.model().next_item_ranks(history.as_history(), 1).unwrap();
        assert_eq!(ranks, [rank], "refit {refit}");
        // The history a campaign shows is whole either way.
        assert_eq!(version.histories().len(), 5);
    }
}

#[test]
fn event_type_and_threshold_select_events() {
    // Oracle: by hand; an event without a value does not reach a threshold.
    let group = typed();
    let left = |event_type: Option<&str>, event_value_threshold| {
        let event_type = event_type.map(str::to_owned);
        let solution = Solution { event_type, event_value_threshold, ..markov() };
        solution.select(&group).map(|selected| selected.user(0).items.to_vec())
    };
    assert_eq!(left(None, None).unwrap(), [0, 1, 2, 3]);
    assert_eq!(left(Some("buy"), None).unwrap(), [1, 2, 3]);
    assert_eq!(left(Some("buy"), Some(2.0)).unwrap(), [1, 2]);
    assert_eq!(left(None, Some(1.0)).unwrap(), [0, 1, 2]);
    let message = |result: Result<Vec<u32>, SolutionError>| result.unwrap_err().to_string();
    assert_eq!(
        message(left(Some("rent"), None)),
        r#"no event has the type "rent"; there are view, buy"#
    );
    assert!(message(left(Some("view"), Some(9.0))).starts_with("no event is left"));
    assert!(message(left(None, Some(f32::NAN))).contains("finite"));

    let plain = ring();
    let no_column = Solution { event_type: Some("buy".into()), ..markov() }.select(&plain);
    assert!(matches!(no_column, Err(SolutionError::NoEventTypes { .. })));
    let no_column = Solution { event_value_threshold: Some(1.0), ..markov() }.select(&plain);
    assert!(matches!(no_column, Err(SolutionError::NoEventValues)));
}

#[test]
fn a_cancelled_run_trains_nothing() {
    // Oracle: the flag.
    let mut run = run();
    run.cancel.cancel();
    let error = markov().train(&ring(), &mut run).unwrap_err();
    assert!(error.is_cancelled());
    assert!(matches!(error, SolutionError::Fit(FitError::Cancelled)));
}

#[test]
fn settings_round_trip_and_refuse_unknown_fields() {
    // Oracle: serde's round trip and the documented defaults.
    let json = r#"{"recipe": {"recipe": "markov"}}"#;
    let solution: Solution = serde_json::from_str(json).unwrap();
    assert_eq!(solution, Solution::new(Markov::default()));
    let json = serde_json::to_string(&markov()).unwrap();
    assert_eq!(serde_json::from_str::<Solution>(&json).unwrap(), markov());
    for broken in [
        r#"{"recipe": {"recipe": "markov"}, "event": "buy"}"#,
        r#"{"recipe": {"recipe": "markov", "depth": 2}}"#,
        r#"{"recipe": {"recipe": "oracle"}}"#,
        "{}",
    ] {
        assert!(serde_json::from_str::<Solution>(broken).is_err(), "{broken}");
    }
    let error = AnyRecipe::by_name("oracle").unwrap_err().to_string();
    assert!(error.contains("\"oracle\"") && error.contains("aws-popularity-count"), "{error}");
}

#[test]
fn a_saved_version_is_the_version() {
    // Oracle: the version before it was saved, part by part; a second training gives the same bytes.
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    let version = markov().train(&ring(), &mut run()).unwrap();
    version.save(&one).unwrap();
    markov().train(&ring(), &mut run()).unwrap().save(&two).unwrap();
    assert!(bytes_of(&one) == bytes_of(&two));

    let loaded = SolutionVersion::load(&one, "ndarray").unwrap();
    assert_eq!(loaded.solution(), version.solution());
    assert_eq!(loaded.seed(), Seed(3));
    assert_eq!(loaded.data_fingerprint(), ring().interactions.fingerprint());
    // JSON numbers come back within one unit in the last place.
    for (loaded, saved) in loaded.metrics().metrics().iter().zip(version.metrics().metrics()) {
        assert!(loaded.0 == saved.0 && (loaded.1 - saved.1).abs() < 1e-15, "{loaded:?} {saved:?}");
    }
    assert_eq!((loaded.users(), loaded.items()), (version.users(), version.items()));
    assert_eq!(loaded.histories().fingerprint(), version.histories().fingerprint());
    let query = Query::from_history(version.histories().user(7));
    assert_eq!(loaded.model().scores(&[query]).unwrap(), version.model().scores(&[query]).unwrap());
    assert!(loaded.evaluation().rows.iter().all(|row| row.fit_seconds.is_none()));
}

/// Loads a version and expects an error.
fn refused(dir: &Path) -> SolutionError {
    SolutionVersion::load(dir, "ndarray").expect_err("a broken directory was accepted")
}

#[test]
fn broken_directories_are_refused_and_say_why() {
    // Oracle: one fault at a time, made here.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("version");
    let version = markov().train(&ring(), &mut run()).unwrap();
    version.save(&path).unwrap();
    for name in bytes_of(&path).into_iter().map(|(name, _)| name) {
        let file = path.join(&name);
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        let error = refused(&path).to_string();
        assert!(error.contains(&name), "{name} cut in half: {error}");
        fs::remove_file(&file).unwrap();
        assert!(refused(&path).to_string().contains(&name), "{name} removed");
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        fs::write(&file, &flipped).unwrap();
        refused(&path);
        fs::write(&file, &whole).unwrap();
    }

    let manifest = path.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let mut foreign: serde_json::Value = serde_json::from_str(&text).unwrap();
    foreign["format"] = 999.into();
    fs::write(&manifest, foreign.to_string()).unwrap();
    let error = refused(&path);
    assert!(
        matches!(error, SolutionError::Artifact(ArtifactError::ForeignFormat { found: 999, .. })),
        "{error}"
    );
    fs::write(&manifest, text).unwrap();

    let error = refused(&dir.path().join("nothing"));
    assert!(matches!(error, SolutionError::Artifact(ArtifactError::Missing { .. })), "{error}");
    SolutionVersion::load(&path, "ndarray").unwrap();
}

#[test]
fn files_of_different_versions_are_not_mixed() {
    // Oracle: a whole artifact with the item ids of a smaller catalogue.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mixed");
    let version = markov().train(&ring(), &mut run()).unwrap();
    let other = markov().train(&group([("u", "a", 1), ("u", "b", 2)]), &mut run()).unwrap();
    let whole = dir.path().join("whole");
    version.save(&whole).unwrap();
    let mut out = ArtifactWriter::create(&path).unwrap().with_kind("solution-version");
    for (name, bytes) in bytes_of(&whole) {
        match name.as_str() {
            "manifest.json" => {}
            "items.vocabulary" => {
                let mut items = Vec::new();
                other.items().write_to(&mut items).unwrap();
                out.write(&name, &items).unwrap();
            }
            name => out.write(name, &bytes).unwrap(),
        }
    }
    out.commit().unwrap();
    let error = refused(&path).to_string();
    assert!(error.contains("20 items") && error.contains("has 2"), "{error}");
}

#[test]
fn another_kind_of_artifact_is_refused() {
    // Oracle: an artifact with a kind of its own.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other");
    let out = ArtifactWriter::create(&path).unwrap().with_kind("checkpoint");
    out.commit().unwrap();
    assert!(matches!(refused(&path), SolutionError::Artifact(ArtifactError::WrongKind { .. })));
}

#[test]
fn a_full_disk_leaves_the_earlier_version() {
    // Oracle: the bytes of the version that was there; the writer fails after every number of bytes up to the size.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("version");
    let first = markov().train(&ring(), &mut run()).unwrap();
    first.save(&path).unwrap();
    let before = bytes_of(&path);
    let second = markov().train(&ring(), &mut run().with_seed(Seed(4))).unwrap();
    for space in (0..5000).step_by(97) {
        let mut out =
            ArtifactWriter::create(&path).unwrap().with_kind("solution-version").with_space(space);
        let written = store::write(&second, &mut out).and_then(|()| out.commit());
        if written.is_ok() {
            break;
        }
        assert!(written.unwrap_err().is_io());
        assert!(bytes_of(&path) == before, "{space} bytes of room changed the earlier version");
    }
    let beside: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside, ["version"], "staging was left behind");
    SolutionVersion::load(&path, "ndarray").unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    // Oracle: a file where a folder is needed refuses everybody, root included; what is there stays.
    let dir = tempfile::tempdir().unwrap();
    let version = markov().train(&ring(), &mut run()).unwrap();
    let blocker = dir.path().join("file");
    fs::write(&blocker, "mine").unwrap();
    let error = version.save(blocker.join("version")).unwrap_err();
    assert!(matches!(&error, SolutionError::Artifact(error) if error.is_io()), "{error}");
    assert!(version.save(&blocker).is_err(), "a file was replaced by a directory");
    let folder = dir.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("photo.jpg"), "mine").unwrap();
    assert!(version.save(&folder).is_err(), "a folder of somebody else's files was replaced");
    assert_eq!(fs::read_to_string(&blocker).unwrap(), "mine");
    assert_eq!(fs::read_to_string(folder.join("photo.jpg")).unwrap(), "mine");
}

#[cfg(unix)]
#[test]
fn a_directory_without_write_permission_keeps_its_version() {
    use std::os::unix::fs::PermissionsExt;

    // Oracle: permission bits; root ignores them, which the probe finds out.
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("locked");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("version");
    let version = markov().train(&ring(), &mut run()).unwrap();
    version.save(&path).unwrap();
    let before = bytes_of(&path);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let probe = fs::write(folder.join("probe"), "");
    let saved = version.save(&path);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    if probe.is_ok() {
        eprintln!("skipped: this user (root) may write where nobody may");
        return;
    }
    let error = saved.unwrap_err();
    assert!(matches!(&error, SolutionError::Artifact(error) if error.is_io()), "{error}");
    assert!(bytes_of(&path) == before);
}

#[test]
fn an_evaluation_without_queries_warns_and_trains() {
    // Oracle: one event a user leaves nothing to hold back.
    let mut run = run();
    let warned = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = Arc::clone(&warned);
    run = run.on_progress(move |progress| {
        if matches!(progress, Progress::Warning { .. }) {
            flag.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let mut lonely = group([("u", "a", 1), ("u", "b", 2)]);
    let mut events = InteractionsBuilder::new();
    events.push(0, Event::new(0, 1));
    lonely.interactions = events.build(1, 2);
    let version = markov().train(&lonely, &mut run).unwrap();
    assert_eq!(version.metrics().queries, 0);
    assert!(warned.load(std::sync::atomic::Ordering::Relaxed));
}

/// A network small enough for a test, trained twice: three epochs each.
fn refitted() -> Solution {
    let count = |n| NonZeroUsize::new(n).unwrap();
    let hrnn = Hrnn {
        hidden_dimension: count(32),
        epochs: count(3),
        patience: None,
        lanes: count(8),
        ..Hrnn::default()
    };
    Solution { refit: true, evaluation: EvaluationMode::LastItem, ..Solution::new(hrnn) }
}

/// A run that notes its trainings' starts, resumptions, epochs and warnings, and is cancelled after epoch `cancel.1` of
/// training `cancel.0`, both from 1.
fn noted(cancel: Option<(usize, usize)>) -> (Run, Arc<Mutex<Vec<String>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let run = run();
    let (sink, flag) = (Arc::clone(&notes), run.cancel.clone());
    let run = run.on_progress(move |progress| {
        let mut notes = sink.lock().unwrap();
        match progress {
            Progress::Started { what, .. } if what == "training" => notes.push("start".to_owned()),
            Progress::Resumed { epoch } => notes.push(format!("resumed {epoch}")),
            Progress::Warning { message } => notes.push(message.clone()),
            Progress::Epoch { epoch, .. } => {
                notes.push(format!("epoch {epoch}"));
                let starts = notes.iter().filter(|note| *note == "start").count();
                if cancel == Some((starts, *epoch)) {
                    flag.cancel();
                }
            }
            _ => {}
        }
    });
    (run, notes)
}

#[test]
fn a_refit_that_was_ended_midway_is_gone_on_with() {
    // Oracle: the same training without an end midway, and the notes of what was done again: nothing.
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    refitted().train(&ring(), &mut run()).unwrap().save(&whole).unwrap();
    for keep in [false, true] {
        let ck = dir.path().join("ck");
        let policy = || CheckpointPolicy { dir: ck.clone(), keep };
        let (first, _) = noted(Some((2, 2)));
        let error = refitted().train(&ring(), &mut first.with_checkpoint(policy())).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
        let (second, notes) = noted(None);
        let version = refitted().train(&ring(), &mut second.with_checkpoint(policy())).unwrap();
        let expected = ["start", "resumed 3", "start", "resumed 2", "epoch 3"];
        assert_eq!(*notes.lock().unwrap(), expected);
        let resumed = dir.path().join(format!("resumed {keep}"));
        version.save(&resumed).unwrap();
        assert!(bytes_of(&resumed) == bytes_of(&whole));
        assert_eq!(ck.join("first").exists(), keep);
        assert_eq!(ck.join("refit").exists(), keep);
        assert_eq!(ck.exists(), keep);
    }
}

#[test]
fn a_checkpoint_folder_keeps_what_is_not_ours() {
    // Oracle: a file put there by hand.
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("photo.jpg"), "mine").unwrap();
    let policy = CheckpointPolicy { dir: dir.path().to_owned(), keep: false };
    refitted().train(&ring(), &mut run().with_checkpoint(policy)).unwrap();
    assert_eq!(bytes_of(dir.path()), [("photo.jpg".to_owned(), b"mine".to_vec())]);
}

#[test]
fn a_used_up_budget_is_told_and_the_first_fit_is_kept() {
    // Oracle: a first epoch that sleeps longer than the budget leaves no time for a second fit.
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let (sink, budget) = (Arc::clone(&warnings), Duration::from_secs(3));
    let slow = run().on_progress(move |progress| match progress {
        Progress::Epoch { .. } => std::thread::sleep(budget),
        Progress::Warning { message } => sink.lock().unwrap().push(message.clone()),
        _ => {}
    });
    let mut slow = slow.with_budget(Budget { wall: Some(budget) });
    refitted().train(&ring(), &mut slow).unwrap();
    let warnings = warnings.lock().unwrap();
    assert!(warnings.iter().any(|w| w.contains("before the refit")), "{warnings:?}");
}

#[test]
fn a_budget_of_nothing_is_an_error() {
    // Oracle: untrained weights are no model.
    let none = Budget { wall: Some(Duration::ZERO) };
    let error = refitted().train(&ring(), &mut run().with_budget(none)).unwrap_err();
    assert!(error.to_string().contains("time") || format!("{error:?}").contains("OutOfTime"));
}
