//! Training a table of which each step gathers a few rows.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use ensue_core::{CheckpointPolicy, Run, Seed};
use ensue_nn::embedding::{UniqueRows, gather};
use ensue_nn::train::{
    Adagrad, Adam, Learner, Loss, Optimizer, StepContext, TrainError, TrainSettings, Trained,
    Trainer,
};
use ensue_nn::weights;
use rand::RngExt;

use crate::toy::{cpu, settings};

const ITEMS: u32 = 60;
const WIDTH: usize = 3;

#[derive(Module, Debug)]
struct Items {
    table: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    mix: Param<Tensor<1>>,
}

fn items() -> Items {
    let wave = |n: usize| (0..n).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
    let rows = ITEMS as usize;
    let table = TensorData::new(wave(rows * WIDTH), [rows, WIDTH]);
    Items {
        table: Param::from_data(table, &cpu()),
        bias: Param::from_data(TensorData::new(wave(rows), [rows]), &cpu()),
        mix: Param::from_data([0.5f32, -0.5, 1.0], &cpu()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Gathered,
    Whole,
    GatheredTwice,
}

/// Pulls `mix . vector + bias` of the items of a batch towards 1.
struct Pull(How);

impl Learner for Pull {
    type Model = Items;
    type Batch = Vec<u32>;
    type Carry = ();

    fn fingerprint(&self) -> String {
        "pull".to_owned()
    }

    fn steps_per_epoch(&self) -> usize {
        6
    }

    fn batches(&self, _: usize, seed: Seed) -> Box<dyn Iterator<Item = Vec<u32>> + Send + '_> {
        let mut rng = seed.stream("items");
        // Low numbers come often, with repeats; the last ten items never.
        let mut item = move || rng.random_range(0..ITEMS - 10).min(rng.random_range(0..ITEMS));
        Box::new((0..6).map(move |_| (0..8).map(|_| item()).collect()))
    }

    fn loss(&self, model: &Items, ids: &Vec<u32>, (): &mut (), step: StepContext<'_>) -> Loss {
        let unique = UniqueRows::new(ids);
        let (table, bias) =
            (gather(&model.table, unique.rows()), gather(&model.bias, unique.rows()));
        let (vectors, biases) = if self.0 == How::Whole {
            let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
            let ids = Tensor::from_data(ids.as_slice(), step.device);
            (model.table.val().select(0, ids.clone()), model.bias.val().select(0, ids))
        } else {
            let places = unique.places_on(step.device);
            (table.tensor().select(0, places.clone()), bias.tensor().select(0, places))
        };
        let score = (vectors * model.mix.val().unsqueeze()).sum_dim(1).squeeze_dim::<1>(1) + biases;
        let loss = Loss::new((score - 1.0).powi_scalar(2).mean(), ids.len());
        match self.0 {
            How::Whole => loss,
            How::Gathered => loss.with_rows(vec![table.into_touched(), bias.into_touched()]),
            How::GatheredTwice => {
                let again = gather(&model.bias, unique.rows());
                loss.with_rows(vec![bias.into_touched(), again.into_touched()])
            }
        }
    }

    fn validate(&self, _: &Items, _: &Run) -> Option<f64> {
        None
    }
}

fn fit(how: How, settings: &TrainSettings, run: Run) -> Result<Trained<Items>, TrainError> {
    let mut run = run.with_seed(Seed(3));
    Trainer::new(settings.clone()).fit(&Pull(how), items(), &mut run)
}

fn bytes(how: How, settings: &TrainSettings, run: Run) -> Vec<u8> {
    weights::to_bytes(&fit(how, settings, run).unwrap().model).unwrap()
}

#[test]
fn adagrad_over_rows_trains_as_over_the_table() {
    // Oracle: the same training with the table in the graph. Without momentum a row without a
    // gradient does not move either way.
    let optimizer = Optimizer::Adagrad(Adagrad::default());
    let settings = TrainSettings { optimizer, clip_norm: None, ..settings(3) };
    let run = || Run::new("ndarray");
    let gathered = bytes(How::Gathered, &settings, run());
    assert_eq!(gathered, bytes(How::Whole, &settings, run()));
    assert_ne!(gathered, weights::to_bytes(&items()).unwrap(), "something was learned");
}

#[test]
fn items_that_no_batch_has_keep_their_bytes() {
    // Oracle: the weights that went in; the last ten items are in no batch.
    let optimizer = Optimizer::Adam(Adam { weight_decay: 0.1, ..Adam::default() });
    let settings = TrainSettings { optimizer, ..settings(3) };
    let trained = fit(How::Gathered, &settings, Run::new("ndarray")).unwrap();
    let last = |items: &Items| {
        items.table.val().slice([50..60, 0..WIDTH]).into_data().try_into_vec::<f32>().unwrap()
    };
    assert_eq!(last(&trained.model), last(&items()));
    let losses: Vec<f64> = trained.history.iter().map(|record| record.train_loss).collect();
    assert!(losses[2] < losses[0], "and the others learn: {losses:?}");
}

#[test]
fn a_resumed_training_ends_with_the_same_bytes() {
    // Oracle: the training in one piece. Adam's clocks differ from row to row by then.
    let scratch = tempfile::tempdir().unwrap();
    let policy = CheckpointPolicy { dir: scratch.path().join("checkpoint"), keep: true };
    let kept = || Run::new("ndarray").with_checkpoint(policy.clone());
    for epochs in [1, 3] {
        fit(How::Gathered, &settings(epochs), kept()).unwrap();
    }
    let straight = bytes(How::Gathered, &settings(5), Run::new("ndarray"));
    assert_eq!(bytes(How::Gathered, &settings(5), kept()), straight);
}

#[test]
fn rows_that_cannot_be_updated_end_training_with_the_table_named() {
    // Oracle: the table that the learner gathers twice.
    let error = fit(How::GatheredTwice, &settings(1), Run::new("ndarray")).unwrap_err();
    assert_eq!(error.to_string(), "the optimiser cannot take step 1 of epoch 1");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("rows of parameter \"bias\" cannot be updated"), "{source}");
}

#[cfg(feature = "wgpu")]
#[test]
fn rows_on_wgpu_train_as_on_ndarray() {
    // Oracle: ndarray; 18 steps of f32 whose sums run in another order.
    use burn::module::Module as _;
    let adagrad = |momentum| Optimizer::Adagrad(Adagrad { momentum, ..Adagrad::default() });
    for optimizer in [Optimizer::default(), adagrad(0.0), adagrad(0.3)] {
        let settings = TrainSettings { optimizer, clip_norm: Some(0.2), ..settings(3) };
        let numbers = |name: &str| {
            let items = items().to_device(&ensue_nn::device::open(name).unwrap());
            let mut run = Run::new(name).with_seed(Seed(3));
            let pull = Pull(How::Gathered);
            let trained = Trainer::new(settings.clone()).fit(&pull, items, &mut run).unwrap();
            let table = trained.model.table.val().into_data();
            table.iter::<f64>().collect::<Vec<_>>()
        };
        for (got, expected) in numbers("wgpu").into_iter().zip(numbers("ndarray")) {
            assert!((got - expected).abs() < 1e-5 * expected.abs().max(1.0), "{got} {expected}");
        }
    }
}
