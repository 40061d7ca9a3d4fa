//! The same training on wgpu (software adapters count) as on ndarray, and the same errors.
//!
//! Without an adapter these fail: a build with `wgpu` is meant to have one.

use burn::module::Module;
use ensue_core::{CheckpointPolicy, Run, Seed};
use ensue_nn::device;
use ensue_nn::train::{Adagrad, Optimizer, TrainError, TrainSettings, Trained, Trainer};

use crate::toy::{Net, Spoil, Toy, cpu, net, settings};

/// Relative; 24 steps of f32 whose sums run in another order.
const TOLERANCE: f64 = 1e-4;

fn train(
    name: &str,
    toy: &Toy,
    settings: TrainSettings,
    run: Run,
) -> Result<Trained<Net>, TrainError> {
    let device = device::open(name).unwrap();
    let mut run = run.with_seed(Seed(3));
    Trainer::new(settings).fit(toy, net(4).to_device(&device), &mut run)
}

fn numbers(model: Net) -> Vec<f64> {
    let Net { slope, offset, hidden, out } = model.to_device(&cpu());
    let mut all: Vec<f64> = offset.val().into_data().iter::<f64>().collect();
    for matrix in [slope, hidden, out] {
        all.extend(matrix.val().into_data().iter::<f64>());
    }
    all
}

fn assert_close(left: Trained<Net>, right: Trained<Net>) {
    let close = |l: f64, r: f64| (l - r).abs() <= TOLERANCE * l.abs().max(r.abs()).max(1.0);
    for (l, r) in left.history.iter().zip(&right.history) {
        assert!(close(l.train_loss, r.train_loss), "{l:?} {r:?}");
        assert!(close(l.validation.unwrap(), r.validation.unwrap()), "{l:?} {r:?}");
    }
    for (l, r) in numbers(left.model).into_iter().zip(numbers(right.model)) {
        assert!(close(l, r), "{l} {r}");
    }
}

#[test]
fn training_agrees_with_ndarray() {
    // Oracle: ndarray.
    let adagrad = Optimizer::Adagrad(Adagrad { momentum: 0.3, ..Adagrad::default() });
    for optimizer in [Optimizer::default(), adagrad] {
        let settings = TrainSettings { optimizer, clip_norm: Some(0.5), ..settings(3) };
        let run = || Run::new("wgpu");
        let cpu = train("ndarray", &Toy::noisy(), settings.clone(), run()).unwrap();
        assert_close(cpu, train("wgpu", &Toy::noisy(), settings, run()).unwrap());
    }
}

#[test]
fn a_checkpoint_of_wgpu_goes_on_there() {
    // Oracle: ndarray in one piece.
    let scratch = tempfile::tempdir().unwrap();
    let policy = CheckpointPolicy { dir: scratch.path().join("checkpoint"), keep: true };
    let run = || Run::new("wgpu").with_checkpoint(policy.clone());
    train("wgpu", &Toy::noisy(), settings(1), run()).unwrap();
    let resumed = train("wgpu", &Toy::noisy(), settings(3), run()).unwrap();
    assert_eq!(resumed.history.len(), 3);
    let straight = train("ndarray", &Toy::noisy(), settings(3), Run::new("ndarray")).unwrap();
    assert_close(straight, resumed);
}

#[test]
fn a_loss_read_late_is_an_error_before_its_epoch_is_validated() {
    // Oracle: where the toy spoils it.
    let toy = Toy { spoil: Some((2, 3, Spoil::Loss)), ..Toy::noisy() };
    let error = train("wgpu", &toy, settings(3), Run::new("wgpu")).unwrap_err();
    assert_eq!(error.to_string(), "loss is NaN in epoch 2, step 3, at learning rate 0.02");
    let toy = Toy { spoil: Some((1, 8, Spoil::Gradient)), ..Toy::noisy() };
    let error = train("wgpu", &toy, settings(3), Run::new("wgpu")).unwrap_err();
    assert!(matches!(error, TrainError::NonFiniteWeights { epoch: 1, .. }), "{error}");
}
