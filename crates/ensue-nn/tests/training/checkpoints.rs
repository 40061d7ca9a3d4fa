//! Checkpoints: resuming is exact, and nothing foreign is touched.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ensue_core::{Budget, CheckpointPolicy, Progress, Run, Seed};
use ensue_nn::train::{
    Adagrad, Cosine, Optimizer, Plateau, Schedule, Stopped, TrainError, TrainSettings, Trained,
    Trainer,
};

use crate::toy::{Net, STEPS, Spoil, Toy, WALL, assert_same, net, outlast, settings};

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(3))
}

fn kept(dir: &Path, keep: bool) -> Run {
    run().with_checkpoint(CheckpointPolicy { dir: dir.to_owned(), keep })
}

fn fit(toy: &Toy, settings: &TrainSettings, run: &mut Run) -> Result<Trained<Net>, TrainError> {
    Trainer::new(settings.clone()).fit(toy, net(4), run)
}

/// A run that is cancelled at a step of an epoch.
fn cancelled(mut run: Run, epoch: usize, step: usize) -> Run {
    let cancel = run.cancel.clone();
    run = run.on_progress(move |progress| {
        if let Progress::Step { epoch: e, step: s, .. } = progress
            && (*e, *s) == (epoch, step)
        {
            cancel.cancel();
        }
    });
    run
}

/// Every file of a directory with its content, in order of name.
fn contents(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_resumed_run_ends_with_the_same_bytes() {
    // Oracle: the run that was never interrupted. Metrics go up and down, so that the best weights,
    // the patience counter and the plateau all have something to remember.
    let metrics = [3.0, 1.0, 4.0, 1.0, 5.0, 4.5, 4.0];
    let adagrad = Optimizer::Adagrad(Adagrad { momentum: 0.3, ..Adagrad::default() });
    let plateau =
        Schedule::Plateau(Plateau { patience: 1.try_into().unwrap(), ..Plateau::default() });
    let cosine = Schedule::Cosine(Cosine { warmup_steps: 10, floor: 0.1 });
    for (optimizer, schedule, averaged) in
        [(Optimizer::default(), plateau, 1), (adagrad, cosine, 3)]
    {
        let patience = Some(2.try_into().unwrap());
        let averaged = averaged.try_into().unwrap();
        let settings = TrainSettings { optimizer, schedule, patience, averaged, ..settings(9) };
        let straight = fit(&Toy::scripted(&metrics), &settings, &mut run()).unwrap();
        assert_eq!((straight.epoch, straight.history.len()), (5, 7));
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("deep").join("checkpoint");
        let mut done = 0;
        for (epoch, step) in [(1, 3), (2, 1), (3, STEPS), (7, 4)] {
            let toy = Toy::scripted(&metrics[done..]);
            let found = fit(&toy, &settings, &mut cancelled(kept(&dir, false), epoch, step));
            let error = found.unwrap_err();
            assert!(matches!(error, TrainError::Cancelled { .. }), "{error}");
            let told = match epoch - 1 {
                0 => "nothing is kept".to_owned(),
                before => format!("checkpoint of epoch {before} in {} is kept", dir.display()),
            };
            assert!(error.to_string().contains(&told), "{error}");
            done = epoch - 1;
        }
        let resumed =
            fit(&Toy::scripted(&metrics[6..]), &settings, &mut kept(&dir, false)).unwrap();
        assert_same(&straight, &resumed);
        assert_eq!(straight.stopped, resumed.stopped);
        assert!(!dir.exists(), "a directory that is not to be kept is removed at the end");
        let left = fs::read_dir(dir.parent().unwrap()).unwrap().count();
        assert_eq!(left, 0, "and nothing is left beside it");
    }
}

#[test]
fn a_finished_checkpoint_gives_its_result_again_and_goes_on_to_more_epochs() {
    // Oracle: the same training in one piece.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("checkpoint");
    let first = fit(&Toy::noisy(), &settings(2), &mut kept(&dir, true)).unwrap();
    let toy = Toy::noisy();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let mut again = kept(&dir, true).on_progress(move |p| sink.lock().unwrap().push(p.clone()));
    assert_same(&first, &fit(&toy, &settings(2), &mut again).unwrap());
    assert_eq!(toy.losses.into_inner(), 0, "nothing is trained again");
    assert!(heard.lock().unwrap().contains(&Progress::Resumed { epoch: 2 }), "it says so");
    let longer = fit(&Toy::noisy(), &settings(5), &mut kept(&dir, true)).unwrap();
    assert_same(&longer, &fit(&Toy::noisy(), &settings(5), &mut run()).unwrap());
    let shorter = fit(&Toy::noisy(), &settings(3), &mut kept(&dir, true)).unwrap_err();
    assert!(
        matches!(shorter, TrainError::CheckpointAhead { found: 5, epochs: 3, .. }),
        "{shorter}"
    );
}

#[test]
fn a_checkpoint_of_another_training_is_refused_and_untouched() {
    // Oracle: what was changed between the two trainings.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("checkpoint");
    fit(&Toy::noisy(), &settings(1), &mut kept(&dir, true)).unwrap();
    let before = contents(&dir);
    let refused = |result: Result<Trained<Net>, TrainError>, what: &str| {
        let message = result.unwrap_err().to_string();
        let expected = format!("a checkpoint of another training: its {what} differ");
        assert!(message.contains(&expected), "{message}");
        assert!(message.contains(&dir.display().to_string()), "{message}");
        assert_eq!(contents(&dir), before, "{what}");
    };
    let faster = TrainSettings { learning_rate: 0.5, ..settings(1) };
    refused(fit(&Toy::noisy(), &faster, &mut kept(&dir, true)), "settings");
    let other = Toy { name: "other", ..Toy::noisy() };
    refused(fit(&other, &settings(1), &mut kept(&dir, true)), "data");
    let cooked = Toy { recipe: "fried", ..Toy::noisy() };
    refused(fit(&cooked, &settings(1), &mut kept(&dir, true)), "settings");
    let mut seeded = kept(&dir, true).with_seed(Seed(4));
    refused(fit(&Toy::noisy(), &settings(1), &mut seeded), "seeds");
    let wider = Trainer::new(settings(1)).fit(&Toy::noisy(), net(5), &mut kept(&dir, true));
    refused(wider, "weights");
}

#[test]
fn a_directory_that_is_no_checkpoint_is_refused_and_untouched() {
    // Oracle: the files as they were.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("thesis");
    fs::create_dir(&dir).unwrap();
    let empty = fit(&Toy::noisy(), &settings(1), &mut kept(&dir, false));
    assert!(empty.is_ok(), "an empty directory is free to use");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("chapter-1.txt"), "years of work").unwrap();
    let toy = Toy::noisy();
    let error = fit(&toy, &settings(1), &mut kept(&dir, false)).unwrap_err();
    assert!(matches!(error, TrainError::NotACheckpoint { .. }), "{error}");
    assert_eq!(contents(&dir), [("chapter-1.txt".to_owned(), b"years of work".to_vec())]);
    let file = scratch.path().join("file");
    fs::write(&file, "").unwrap();
    let error = fit(&toy, &settings(1), &mut kept(&file.join("below"), false)).unwrap_err();
    assert!(error.to_string().contains("below"), "{error}");
    assert_eq!(toy.losses.into_inner(), 0, "refused before an epoch is spent");
}

#[test]
fn a_damaged_checkpoint_is_an_error_and_untouched() {
    // Oracle: the file that was cut or changed.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("checkpoint");
    for name in ["weights.safetensors", "optimizer.safetensors", "progress.json", "manifest.json"] {
        for cut in [true, false] {
            let _ = fs::remove_dir_all(&dir);
            fit(&Toy::noisy(), &settings(1), &mut kept(&dir, true)).unwrap();
            let mut bytes = fs::read(dir.join(name)).unwrap();
            if cut {
                bytes.truncate(bytes.len() / 2);
            } else {
                let last = bytes.len() - 3;
                bytes[last] ^= 0x5a;
            }
            fs::write(dir.join(name), bytes).unwrap();
            let before = contents(&dir);
            let error = fit(&Toy::noisy(), &settings(2), &mut kept(&dir, true)).unwrap_err();
            let mut chain = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                chain = format!("{chain}: {cause}");
                source = cause.source();
            }
            assert!(chain.contains(name), "{chain}");
            assert_eq!(contents(&dir), before, "{name}");
        }
    }
}

#[test]
fn a_failure_leaves_the_checkpoint_of_the_epoch_before() {
    // Oracle: a run that resumes from it equals one that never failed.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("checkpoint");
    let spoilt = Toy { spoil: Some((3, 2, Spoil::Loss)), ..Toy::noisy() };
    let error = fit(&spoilt, &settings(4), &mut kept(&dir, false)).unwrap_err();
    assert!(matches!(error, TrainError::NonFiniteLoss { epoch: 3, step: 2, .. }), "{error}");
    let resumed = fit(&Toy::noisy(), &settings(4), &mut kept(&dir, false)).unwrap();
    assert_same(&resumed, &fit(&Toy::noisy(), &settings(4), &mut run()).unwrap());
}

#[test]
fn a_run_out_of_time_can_be_gone_on_with() {
    // Oracle: the same training without a limit.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("checkpoint");
    let slow = Toy { pause: outlast, ..Toy::noisy() };
    let mut short = kept(&dir, false).with_budget(Budget { wall: Some(WALL) });
    let stopped = fit(&slow, &settings(4), &mut short).unwrap();
    assert_eq!(stopped.stopped, Stopped::Budget);
    assert!(dir.exists(), "the checkpoint stays for another run");
    let resumed = fit(&Toy::noisy(), &settings(4), &mut kept(&dir, false)).unwrap();
    assert_same(&resumed, &fit(&Toy::noisy(), &settings(4), &mut run()).unwrap());
}
