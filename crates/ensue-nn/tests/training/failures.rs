//! How a training that goes wrong ends: with an error that says where.

use ensue_core::{Progress, Run, Seed};
use ensue_nn::train::{Kept, Learner, TrainError, TrainSettings, Trainer};

use crate::toy::{Net, Spoil, Toy, net, settings};

fn error(toy: &Toy, settings: TrainSettings, run: &mut Run) -> TrainError {
    Trainer::new(settings).fit(toy, net(4), run).unwrap_err()
}

fn run() -> Run {
    Run::new("ndarray").with_seed(Seed(3))
}

#[test]
fn a_loss_that_is_not_finite_names_epoch_step_and_rate() {
    // Oracle: where the toy spoils it.
    let toy = Toy { spoil: Some((2, 3, Spoil::Loss)), ..Toy::noisy() };
    let message = error(&toy, settings(3), &mut run()).to_string();
    assert_eq!(message, "loss is NaN in epoch 2, step 3, at learning rate 0.02");
}

#[test]
fn a_gradient_that_is_not_finite_names_epoch_step_and_rate() {
    // Oracle: where the toy spoils it.
    let toy = Toy { spoil: Some((1, 8, Spoil::Gradient)), ..Toy::noisy() };
    let message = error(&toy, settings(3), &mut run()).to_string();
    assert_eq!(message, "gradient is not finite in epoch 1, step 8, at learning rate 0.02");
}

#[test]
fn a_rate_that_is_far_too_high_is_an_error_and_not_a_model() {
    // Oracle: by hand; steps of 1e38 overflow f32 within two.
    let settings = TrainSettings { learning_rate: 1e38, clip_norm: None, ..settings(3) };
    let found = error(&Toy::noisy(), settings, &mut run());
    assert!(matches!(found, TrainError::NonFiniteLoss { epoch: 1, .. }), "{found}");
}

#[test]
fn a_metric_that_is_not_finite_names_its_epoch() {
    // Oracle: the script.
    let message = error(&Toy::scripted(&[1.0, f64::NAN]), settings(3), &mut run()).to_string();
    assert_eq!(message, "validation metric is NaN after epoch 2");
}

#[test]
fn a_panic_while_a_batch_is_made_is_an_error_with_its_message() {
    // Oracle: the toy's assertion. `fit` returns, so its scoped thread has ended.
    let toy = Toy { broken_batch: Some((2, 4)), ..Toy::noisy() };
    let message = error(&toy, settings(3), &mut run()).to_string();
    assert_eq!(message, "making a batch of epoch 2 failed: no such row");
    assert_eq!(toy.losses.into_inner(), crate::toy::STEPS + 3, "batches before it were used");
}

#[test]
fn cancelling_says_what_is_kept() {
    // Oracle: the step at which the listener cancels.
    let run = run();
    let cancel = run.cancel.clone();
    let mut run = run.on_progress(move |progress| {
        if matches!(progress, Progress::Step { epoch: 2, step: 5, .. }) {
            cancel.cancel();
        }
    });
    let found = error(&Toy::noisy(), settings(3), &mut run);
    let TrainError::Cancelled { epoch, steps, kept } = &found else { panic!("{found}") };
    assert_eq!((*epoch, *steps, kept), (2, 5, &Kept { checkpoint: None }));
    assert_eq!(
        found.to_string(),
        "training was cancelled in epoch 2 after 5 steps; nothing is kept"
    );
}

#[test]
fn settings_out_of_range_are_refused_before_anything_is_trained() {
    // Oracle: the range in the settings' table.
    let toy = Toy::noisy();
    let settings = TrainSettings { learning_rate: -1.0, ..settings(3) };
    let message = error(&toy, settings, &mut run()).to_string();
    assert_eq!(message, "setting `learning_rate` is -1, but must be above 0");
    assert_eq!(toy.losses.into_inner(), 0);
}

#[test]
fn an_epoch_without_batches_is_an_error() {
    // Oracle: a toy of no steps.
    let toy = Toy { steps: 0, ..Toy::noisy() };
    let message = error(&toy, settings(3), &mut run()).to_string();
    assert_eq!(message, "epoch 1 has no batch to train on");
}

#[test]
fn a_model_without_parameters_is_an_error() {
    use burn::module::Module;
    use ensue_nn::train::{Loss, StepContext};

    #[derive(Module, Debug)]
    struct Nothing {
        layers: Vec<Net>,
    }
    struct Idle;
    impl Learner for Idle {
        type Model = Nothing;
        type Batch = ();
        type Carry = ();
        fn fingerprint(&self) -> String {
            String::new()
        }
        fn steps_per_epoch(&self) -> usize {
            1
        }
        fn batches(&self, _: usize, _: Seed) -> Box<dyn Iterator<Item = ()> + Send + '_> {
            Box::new(std::iter::once(()))
        }
        fn loss(&self, _: &Nothing, (): &(), (): &mut (), _: StepContext<'_>) -> Loss {
            panic!("nothing to train")
        }
        fn validate(&self, _: &Nothing, _: &Run) -> Option<f64> {
            None
        }
    }
    // Oracle: the error's own sentence.
    let model = Nothing { layers: Vec::new() };
    let found = Trainer::new(settings(1)).fit(&Idle, model, &mut run()).unwrap_err();
    assert_eq!(found.to_string(), "the model has no parameter to train");
}
