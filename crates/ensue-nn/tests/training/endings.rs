//! How a training that goes well ends.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ensue_core::{Budget, Decision, Progress, Run, Seed};
use ensue_nn::train::{Adagrad, Optimizer, Stopped, TrainError, TrainSettings, Trainer};

use crate::toy::{BATCH, Net, STEPS, Toy, WALL, assert_same, bytes, net, outlast, settings};

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(3))
}

fn fit(toy: &Toy, settings: TrainSettings, run: &mut Run) -> ensue_nn::train::Trained<Net> {
    Trainer::new(settings).fit(toy, net(4), run).unwrap()
}

#[test]
fn a_line_reaches_its_closed_form() {
    // Oracle: least squares by the normal equations, in f64. Hidden weights of zero have zero
    // gradients, so the net stays a line.
    let toy = Toy::new();
    let n = toy.rows.len() as f64;
    let sum = |f: fn(f64, f64) -> f64| -> f64 {
        toy.rows.iter().map(|&(x, y)| f(f64::from(x), f64::from(y))).sum()
    };
    let (x, y, xx, xy) = (sum(|x, _| x), sum(|_, y| y), sum(|x, _| x * x), sum(|x, y| x * y));
    let slope = (n * xy - x * y) / (n * xx - x * x);
    let offset = (y - slope * x) / n;
    let mut model = net(1);
    model.out = model.out.map(|out| out * 0.0);
    model.hidden = model.hidden.map(|hidden| hidden * 0.0);
    for optimizer in [Optimizer::default(), Optimizer::Adagrad(Adagrad::default())] {
        let rate = if optimizer == Optimizer::default() { 0.02 } else { 0.5 };
        let schedule = ensue_nn::train::Schedule::Cosine(ensue_nn::train::Cosine::default());
        let settings = TrainSettings { optimizer, learning_rate: rate, schedule, ..settings(200) };
        let trained = Trainer::new(settings).fit(&toy, model.clone(), &mut run()).unwrap();
        let got = (
            f64::from(trained.model.slope.val().into_scalar::<f32>()),
            f64::from(trained.model.offset.val().into_scalar::<f32>()),
        );
        assert!((got.0 - slope).abs() < 2e-3, "slope {} is not {slope}", got.0);
        assert!((got.1 - offset).abs() < 2e-3, "offset {} is not {offset}", got.1);
        assert_eq!(trained.stopped, Stopped::Epochs);
    }
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    // Oracle: the script of metrics; the weights of a run that ends with the best epoch.
    let patience = Some(2.try_into().unwrap());
    let toy = Toy::scripted(&[1.0, 3.0, 2.5, 3.0, 9.0]);
    let stopped = fit(&toy, TrainSettings { patience, ..settings(10) }, &mut run());
    assert_eq!(stopped.stopped, Stopped::Patience);
    assert_eq!((stopped.history.len(), stopped.epoch, stopped.metric), (4, 2, Some(3.0)));
    let two = fit(&Toy::scripted(&[1.0, 3.0]), settings(2), &mut run());
    assert_eq!(bytes(&stopped.model), bytes(&two.model));
    // A better metric must be better by more than min_improvement.
    let toy = Toy::scripted(&[1.0, 1.5, 2.5, 3.0, 3.5, 9.0]);
    let picky = TrainSettings { patience, min_improvement: 1.0, ..settings(10) };
    let stopped = fit(&toy, picky, &mut run());
    assert_eq!((stopped.history.len(), stopped.epoch, stopped.metric), (5, 3, Some(2.5)));
}

#[test]
fn the_best_epochs_are_averaged() {
    // Oracle: the mean by hand of the weights of runs that end with the two best epochs.
    let averaged = 2.try_into().unwrap();
    let toy = Toy::scripted(&[1.0, 3.0, 2.0, 2.5]);
    let both = fit(&toy, TrainSettings { averaged, ..settings(4) }, &mut run());
    assert_eq!((both.epoch, both.metric, both.history.len()), (2, Some(3.0), 4));
    let values = |epochs| {
        let toy = Toy { validates: false, ..Toy::noisy() };
        numbers(&fit(&toy, settings(epochs), &mut run()).model)
    };
    for ((mean, second), fourth) in numbers(&both.model).iter().zip(values(2)).zip(values(4)) {
        assert!((mean - 0.5 * (second + fourth)).abs() < 1e-6, "{mean} {second} {fourth}");
    }
    // Without a metric the training loss decides; it falls, so that the last two are taken.
    let toy = Toy { validates: false, ..Toy::noisy() };
    let last = fit(&toy, TrainSettings { averaged, ..settings(4) }, &mut run());
    let mut losses: Vec<(usize, f64)> =
        last.history.iter().map(|record| (record.epoch, record.train_loss)).collect();
    losses.sort_by(|a, b| a.1.total_cmp(&b.1));
    assert_eq!(last.epoch, losses[0].0);
    let best = values(losses[0].0);
    for ((mean, first), second) in numbers(&last.model).iter().zip(best).zip(values(losses[1].0)) {
        assert!((mean - 0.5 * (first + second)).abs() < 1e-6, "{mean} {first} {second}");
    }
}

#[test]
fn without_a_metric_the_last_weights_are_kept() {
    // Oracle: the same run with a metric that always improves.
    let toy = Toy { validates: false, ..Toy::noisy() };
    let plain = fit(&toy, settings(3), &mut run());
    assert_eq!((plain.epoch, plain.metric, plain.stopped), (3, None, Stopped::Epochs));
    let scripted = fit(&Toy::scripted(&[1.0, 2.0, 3.0]), settings(3), &mut run());
    assert_eq!(bytes(&plain.model), bytes(&scripted.model));
}

#[test]
fn equal_seeds_give_equal_bytes_and_other_seeds_do_not() {
    // Oracle: the promise itself.
    let first = fit(&Toy::noisy(), settings(3), &mut run());
    let ahead = TrainSettings { prefetch: 7.try_into().unwrap(), ..settings(3) };
    assert_same(&first, &fit(&Toy::noisy(), ahead, &mut run()));
    let other = fit(&Toy::noisy(), settings(3), &mut run().with_seed(Seed(4)));
    assert_ne!(bytes(&first.model), bytes(&other.model));
}

#[test]
fn progress_tells_every_step_and_epoch_in_order() {
    // Oracle: what the learner says about itself.
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let mut run = run().on_progress(move |p| sink.lock().unwrap().push(p.clone()));
    let trained = fit(&Toy::noisy(), settings(2), &mut run);
    let heard = heard.lock().unwrap();
    let mut names = Vec::new();
    for event in heard.iter() {
        match event {
            Progress::Started { total_steps, .. } => {
                assert_eq!(*total_steps, Some(2 * STEPS));
                names.push("started".to_owned());
            }
            Progress::Step { epoch, step, steps, loss } => {
                assert!(*steps == STEPS && loss.is_finite(), "{event:?}");
                names.push(format!("{epoch}.{step}"));
            }
            Progress::Epoch { epoch, epochs, train_loss, validation, events, .. } => {
                let record = &trained.history[epoch - 1];
                assert_eq!((*epochs, *events), (2, STEPS * BATCH));
                assert_eq!((*train_loss, *validation), (record.train_loss, record.validation));
                names.push(format!("epoch {epoch}"));
            }
            Progress::Finished { .. } => names.push("finished".to_owned()),
            other => panic!("{other:?}"),
        }
    }
    let mut expected = vec!["started".to_owned()];
    for epoch in 1..=2 {
        expected.extend((1..=STEPS).map(|step| format!("{epoch}.{step}")));
        expected.push(format!("epoch {epoch}"));
    }
    expected.push("finished".to_owned());
    assert_eq!(names, expected);
    // Batches are equally long, so the epoch's loss is the plain mean of its steps'.
    let losses: Vec<f64> = heard
        .iter()
        .filter_map(|p| match p {
            Progress::Step { epoch: 1, loss, .. } => Some(*loss),
            _ => None,
        })
        .collect();
    let mean = losses.iter().sum::<f64>() / STEPS as f64;
    assert!((mean - trained.history[0].train_loss).abs() < 1e-12, "{mean}");
}

#[test]
fn the_report_hook_ends_training_with_the_best_so_far() {
    // Oracle: the hook, which stops after the second epoch; metrics as scripted.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let mut run = run().on_report(move |report| {
        sink.lock().unwrap().push((report.step, report.metric));
        if report.step == 2 { Decision::Stop } else { Decision::Continue }
    });
    let trained = fit(&Toy::scripted(&[5.0, 4.0, 9.0]), settings(3), &mut run);
    assert_eq!((trained.stopped, trained.epoch), (Stopped::Report, 1));
    assert_eq!(*seen.lock().unwrap(), [(1, 5.0), (2, 4.0)]);
}

#[test]
fn a_wall_budget_ends_training_with_what_it_has() {
    // Oracle: the clock; untrained weights are no result.
    let none = Budget { wall: Some(Duration::ZERO) };
    let error = Trainer::new(settings(3))
        .fit(&Toy::noisy(), net(4), &mut run().with_budget(none))
        .unwrap_err();
    assert!(matches!(error, TrainError::OutOfTime), "{error}");
    let slow = Toy { pause: |_, _| WALL, validates: false, ..Toy::noisy() };
    let one = Budget { wall: Some(WALL) };
    let trained = fit(&slow, settings(3), &mut run().with_budget(one));
    assert_eq!((trained.stopped, trained.epoch, trained.history.len()), (Stopped::Budget, 0, 0));
    assert_ne!(bytes(&trained.model), bytes(&net(4)), "one step was taken");
    let toy = Toy { pause: outlast, ..Toy::scripted(&[2.0]) };
    let some = Budget { wall: Some(WALL) };
    let trained = fit(&toy, settings(1000), &mut run().with_budget(some));
    assert_eq!((trained.stopped, trained.epoch, trained.metric), (Stopped::Budget, 1, Some(2.0)));
    assert_eq!(toy.losses.load(Ordering::SeqCst), STEPS + 3, "it ended after that step");
}

/// All weights of a model, tensor after tensor.
fn numbers(model: &Net) -> Vec<f32> {
    let bytes = bytes(model);
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut names = tensors.names();
    names.sort_unstable();
    let floats = |name: &&str| {
        let tensor = tensors.tensor(name).unwrap();
        let (chunks, _) = tensor.data().as_chunks::<4>();
        chunks.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect::<Vec<_>>()
    };
    names.iter().flat_map(floats).collect()
}
