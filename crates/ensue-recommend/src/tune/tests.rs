use std::{num::NonZeroUsize, sync::Arc};

use ensue_core::{EvaluationMode, Run, Seed, split};
use ensue_data::{DatasetGroup, FieldKind, FieldValues, ImportRules, MetadataTable};
use ensue_nn::search::Tunable;
use ensue_tune::{AnyScheduler, Scale, Space, TrialState, sampler::Random};

use super::*;
use crate::{
    AnyRecipe, Solution, SolutionVersion, TrainingData,
    recipes::{hrnn::Hrnn, hrnn_coldstart::HrnnColdstart, markov::Markov, sims::Sims},
};

/// 40 people walk around a ring of 10 things; the last step of each is `last`.
fn group(last: impl Fn(i64) -> String) -> DatasetGroup {
    let events: Vec<(String, String, i64)> = (0..40)
        .flat_map(|user| {
            let walk = (0..10).map(move |step| (user, format!("i{}", (user + step) % 10), step));
            walk.chain([(user, last(user), 10)])
        })
        .map(|(user, item, step)| (format!("u{user}"), item, 60 * step))
        .collect();
    let rules =
        ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
    let events = events.iter().map(|(user, item, time)| (user.as_str(), item.as_str(), *time));
    DatasetGroup::from_events(events, &rules).unwrap()
}

fn ring() -> DatasetGroup {
    group(|user| format!("i{}", user % 10))
}

fn small() -> Hrnn {
    let count = |n| NonZeroUsize::new(n).unwrap();
    Hrnn {
        hidden_dimension: count(8),
        lanes: count(4),
        bptt: count(8),
        epochs: count(9),
        learning_rate: 1e-4,
        ..Hrnn::default()
    }
}

fn hpo(trials: u64) -> Hpo {
    let space = Space::builder()
        .float("learning_rate", 1e-4..=3e-2, Scale::Logarithmic)
        .integer("hidden_dimension", 4..=16, Scale::Linear)
        .build();
    Hpo {
        space: Some(space.unwrap()),
        max_number_of_training_jobs: Some(trials),
        max_parallel_training_jobs: NonZeroUsize::new(1),
        sampler: Random::default().into_any(),
        ..Hpo::default()
    }
}

trait IntoAny {
    fn into_any(self) -> ensue_tune::sampler::AnySampler;
}

impl IntoAny for Random {
    fn into_any(self) -> ensue_tune::sampler::AnySampler {
        ensue_tune::sampler::AnySampler::Random(self)
    }
}

fn solution(hpo: Hpo) -> Solution {
    let solution = Solution { evaluation: EvaluationMode::LastItem, ..Solution::new(small()) };
    solution.with_hpo(hpo)
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(3))
}

fn trained(solution: &Solution, group: &DatasetGroup) -> SolutionVersion {
    solution.train(group, &mut run()).unwrap()
}

#[test]
fn a_search_finds_better_settings_and_says_what_it_did() {
    // Oracle: the ring, which a network that hardly learns cannot know; the settings as given are trial 0.
    let version = trained(&solution(hpo(12)), &ring());
    let tuning = version.tuning().unwrap();
    assert_eq!(tuning.trials.len(), 12);
    let given = &tuning.trials[0];
    assert_eq!(given.assignment.number("learning_rate"), Some(1e-4));
    let best = tuning.best().unwrap();
    let value = best.values[0];
    assert!(value > 0.9, "{tuning}");
    assert!(given.values[0] < 0.9 * value, "{tuning}");
    assert!(tuning.trials.iter().any(|trial| trial.state == TrialState::Stopped), "{tuning}");
    // The version is of the chosen settings.
    let AnyRecipe::Hrnn(served) = &version.solution().recipe else { panic!("another recipe") };
    assert_eq!(Some(served.learning_rate), best.assignment.number("learning_rate"));
    assert!(served.validation_share == 0.0, "nothing is held back from the last training");
    assert!(version.metrics().hit_rate_at_5 > 0.9, "{}", version.evaluation());
    // And it is kept with it.
    let dir = tempfile::tempdir().unwrap();
    version.save(dir.path().join("v")).unwrap();
    let loaded = SolutionVersion::load(dir.path().join("v"), "ndarray").unwrap();
    assert_eq!(loaded.tuning().unwrap().trials.len(), 12);
    assert_eq!(loaded.tuning().unwrap().chosen, tuning.chosen);
    // The best trial is on the front of value and time, and nothing before it is as good.
    let front = tuning.pareto_front();
    assert_eq!(front.last().map(|trial| trial.values[0]), Some(value));
    assert!(front.windows(2).all(|pair| pair[0].seconds <= pair[1].seconds && pair[0].values[0] < pair[1].values[0]));
    let text = tuning.to_string();
    assert!(text.contains("whole training part") && text.contains("learning_rate"), "{text}");
    for (name, chart) in tuning.charts() {
        assert!(chart.starts_with("<svg"), "{name}");
    }
}

#[test]
fn a_search_never_sees_the_test_part() {
    // Oracle: an item that only the test part has and that is always its answer; the trials, their values and what is chosen
    // are bit for bit those of another test part.
    let oracle = group(|_| "oracle".to_owned());
    let other =
        group(|user| if user == 0 { "oracle".to_owned() } else { format!("i{}", user % 7) });
    let searched = [&oracle, &other].map(|group| {
        let solution = solution(hpo(6));
        let version = trained(&solution, group);
        let tuning = version.tuning().unwrap();
        let trials = tuning.trials.iter().map(|trial| {
            let values: Vec<u64> = trial.measurements.iter().map(|m| m.value.to_bits()).collect();
            (trial.assignment.clone(), trial.state, values)
        });
        (trials.collect::<Vec<_>>(), tuning.chosen, version.solution().recipe.clone())
    });
    assert_eq!(searched[0], searched[1]);
    // The oracle is in the catalogue of both, so that it could have been seen.
    assert!(oracle.items.encode("oracle").is_some() && other.items.encode("oracle").is_some());
}

#[test]
fn a_journal_is_gone_on_with() {
    // Oracle: the trials of the first search are those of the second, which adds the rest; other data are refused.
    let dir = tempfile::tempdir().unwrap();
    let with = |trials| Hpo { journal: Some(dir.path().join("search.jsonl")), ..hpo(trials) };
    let first = trained(&solution(with(3)), &ring());
    let second = trained(&solution(with(5)), &ring());
    let (first, second) = (first.tuning().unwrap(), second.tuning().unwrap());
    assert_eq!(first.trials[..], second.trials[..3]);
    assert_eq!(second.trials.len(), 5);
    let other = group(|user| format!("i{}", (user + 5) % 10));
    assert!(solution(with(6)).train(&other, &mut run()).is_ok(), "the test part does not matter");
    let error = Solution { event_value_threshold: None, ..Solution::new(Markov::default()) }
        .with_hpo(Hpo { space: None, ..with(5) })
        .train(&ring(), &mut run())
        .unwrap_err();
    assert!(error.to_string().contains("another study"), "{error}");
}

#[test]
fn a_run_killed_after_the_search_does_not_search_again() {
    // Oracle: the file that a killed run leaves beside its checkpoints; the second run takes the choice from it, in which a
    // word is changed to tell it; the run that ends well removes it.
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = dir.path().join("c");
    let policy = ensue_core::CheckpointPolicy { dir: checkpoints.clone(), keep: false };
    let first = solution(hpo(3));
    let run_of = |run: Run| run.with_checkpoint(policy.clone());
    let cancel = ensue_core::CancelFlag::new();
    let flag = cancel.clone();
    let mut killed = run_of(run().with_cancel(cancel)).on_progress(move |event| {
        // In the training after the search.
        if matches!(event, ensue_core::Progress::Epoch { epoch: 2, .. }) {
            flag.cancel();
        }
    });
    assert!(first.train(&ring(), &mut killed).unwrap_err().is_cancelled());
    let path = dir.path().join("c.search.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("training events", "events, as kept")).unwrap();
    let version = first.train(&ring(), &mut run_of(run())).unwrap();
    assert!(version.tuning().unwrap().measured_on.ends_with("events, as kept"));
    assert!(!path.exists());
}

#[test]
fn recipes_compete_and_those_that_cannot_are_named() {
    // Oracle: the ring has no metadata; a chain knows it, popularity cannot.
    let recipes = vec![Markov::default().into(), small().into(), HrnnColdstart::default().into()];
    let hpo = Hpo {
        recipes,
        max_number_of_training_jobs: Some(8),
        sampler: Random::default().into_any(),
        ..Hpo::default()
    };
    let auto = Solution { evaluation: EvaluationMode::LastItem, ..Solution::auto(hpo) };
    let version = trained(&auto, &ring());
    let tuning = version.tuning().unwrap();
    let best = tuning.best().unwrap();
    assert_eq!(best.assignment.text("recipe"), Some(version.solution().recipe.name()));
    assert_eq!(tuning.candidates.len(), 2);
    assert_eq!(tuning.candidates[0].name, version.solution().recipe.name());
    assert!(tuning.candidates.iter().all(|one| one.trials > 0), "{tuning}");
    assert_eq!(tuning.left_out.len(), 1);
    assert_eq!(tuning.left_out[0].reason, "the data have no metadata of items");
    let none = Hpo {
        recipes: vec![
            HrnnColdstart::default().into(),
            AnyRecipe::by_name("aws-hrnn-metadata").unwrap(),
        ],
        ..Hpo::default()
    };
    let error = Solution::auto(none).train(&ring(), &mut run()).unwrap_err().to_string();
    assert!(error.contains("no metadata"), "{error}");
}

#[test]
fn cold_items_must_be_there() {
    // Oracle: 10 items of the ring are all old or often had.
    let mut items = MetadataTable::with_fields([("KIND", FieldKind::Categorical)]);
    let kind: FieldValues = serde_json::from_str(r#"{"KIND": "x"}"#).unwrap();
    (0..10).for_each(|item| items.set_row(item, &kind).unwrap());
    let data = TrainingData {
        item_table: Some(Arc::new(items)),
        ..TrainingData::from_interactions(
            split(&ring().interactions, EvaluationMode::LastItem, Seed(0)).train,
        )
    };
    let own = AnyRecipe::from(Markov::default());
    let two = Hpo { recipes: vec![own.clone(), HrnnColdstart::default().into()], ..Hpo::default() };
    let found = candidates::candidates(&own, &two, &data).unwrap();
    assert_eq!(found.left_out()[0].reason, "0 items are cold, and 100 to 80000 must be");
}

#[test]
fn spaces_fit_their_recipes() {
    // Oracle: every corner of every space is accepted by the recipe it is for.
    for name in AnyRecipe::NAMES {
        let recipe = AnyRecipe::by_name(name).unwrap();
        for ranges in [Ranges::Amazon, Ranges::Wide] {
            let space = recipe.space(ranges);
            for at in [0.0, 0.5, 1.0] {
                let corner = space.from_unit(&vec![at; space.parameters().len()]);
                recipe.with(&corner).unwrap();
            }
            let given = recipe.values(&space);
            assert_eq!(given.0.len(), space.parameters().len(), "{name}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_search_is_said() {
    // Oracle: the messages.
    let message = |hpo: Hpo| hpo.check().unwrap_err().to_string();
    let many = Hpo { max_number_of_training_jobs: Some(41), ..Hpo::default() };
    assert!(
        message(many.clone()).contains("max_number_of_training_jobs is 41, but must be 1 to 40")
    );
    assert!(many.wide().check().is_ok());
    let parallel = Hpo { max_parallel_training_jobs: NonZeroUsize::new(11), ..Hpo::default() };
    assert!(message(parallel).contains("must be 1 to 10"));
    let metric = Hpo { metric_name: "ndcg".to_owned(), ..Hpo::default() };
    assert!(message(metric).contains("must be one of coverage, mean_reciprocal_rank_at_25"));
    let sims = AnyRecipe::from(Sims::default());
    let mut wrong = Assignment::default();
    wrong.set("popularity_discount_factor", "half");
    let error = sims.with(&wrong).unwrap_err().to_string();
    assert!(
        error.starts_with("aws-sims: popularity_discount_factor cannot be \"half\""),
        "{error}"
    );
    let mut far = Assignment::default();
    far.set("popularity_discount_factor", 1.5);
    assert!(sims.with(&far).unwrap_err().to_string().contains("must be between 0 and 1"));
    let kept = Space::builder().float("validation_share", 0.0..=1.0, Scale::Linear).build();
    let kept = Hpo { space: Some(kept.unwrap()), ..hpo(2) };
    let error = solution(kept).train(&ring(), &mut run()).unwrap_err().to_string();
    assert!(
        error.contains("aws-hrnn has no setting validation_share that a search may vary"),
        "{error}"
    );
    let patient = Hrnn { validation_share: 0.5, patience: NonZeroUsize::new(2), ..small() };
    let patient = Solution { recipe: patient.into(), ..solution(hpo(2)) };
    let error = patient.train(&ring(), &mut run()).unwrap_err().to_string();
    assert!(error.contains("patience is given, but must be left out"), "{error}");
    // Names of metrics other than the one of each epoch are measured at the end, and nothing is stopped.
    let other = Hpo { metric_name: "precision_at_5".to_owned(), ..hpo(3) };
    let version = trained(&solution(other), &ring());
    let complete = |trial: &ensue_tune::Trial| trial.state == TrialState::Complete;
    assert!(version.tuning().unwrap().trials.iter().all(complete));
    let asked = Hpo { scheduler: Some(AnyScheduler::None), ..hpo(4) };
    assert!(trained(&solution(asked), &ring()).tuning().unwrap().trials.iter().all(complete));
}
