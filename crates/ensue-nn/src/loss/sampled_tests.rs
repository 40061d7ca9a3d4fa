//! The fused sampled losses through burn's autodiff, against plain tensor operations and PyTorch.

use burn::tensor::{Int, Tensor, TensorData};
use ensue_core::Seed;
use proptest::prelude::*;
use rand::RngExt;
use serde::Deserialize;

use super::{Candidates, SampledLoss, SparseTerms, sampled_loss, sampled_loss_reference};
use crate::device;

const KINDS: [SampledLoss; 4] = [
    SampledLoss::SoftMax,
    SampledLoss::BprMax { regularization: 0.7, elu: 0.0 },
    SampledLoss::BprMax { regularization: 0.7, elu: 0.5 },
    SampledLoss::Top1Max,
];

type Loss = fn(
    SampledLoss,
    Tensor<2>,
    Tensor<2>,
    Tensor<1>,
    Tensor<2, Int>,
    Tensor<2>,
    &Candidates,
    Option<SparseTerms>,
) -> Tensor<1>;

const FORMS: [Loss; 2] = [sampled_loss, sampled_loss_reference];

#[derive(Debug, Clone, Deserialize)]
struct Inputs {
    hidden: Vec<Vec<f32>>,
    table: Vec<Vec<f32>>,
    bias: Vec<f32>,
    values: Vec<f32>,
    targets: Vec<Vec<i32>>,
    weights: Vec<Vec<f32>>,
    shared: Vec<i32>,
    corrections: Vec<f32>,
    target_corrections: Vec<f32>,
    offsets: Vec<i32>,
    classes: Vec<i32>,
    codes: Vec<i32>,
}

impl Inputs {
    fn noise(rows: usize, width: usize, places: usize, negatives: usize, choices: usize) -> Self {
        let mut rng = Seed(9).stream("inputs");
        let mut vector = |n: usize, scale: f32| -> Vec<f32> {
            (0..n).map(|_| (rng.random::<f32>() * 2.0 - 1.0) * scale).collect()
        };
        let mut matrix = |n: usize, m: usize, scale: f32| -> Vec<Vec<f32>> {
            (0..n).map(|_| vector(m, scale)).collect()
        };
        let scale = 2.0 / (width as f32).sqrt();
        let (hidden, table) = (matrix(rows, width, 1.0), matrix(places, width, scale));
        let (bias, values) = (vector(places, 0.5), vector(2, 1.0));
        let (corrections, target_corrections) =
            (vector(negatives, 0.5), vector(rows * choices, 0.5));
        let place = |n: usize| (n * 7 % places) as i32;
        // Every row has its own number as a class, as far as there are so many.
        let own = |i: usize| usize::from(i < places);
        Self {
            hidden,
            table,
            bias,
            values,
            targets: (0..rows).map(|i| (0..choices).map(|k| place(i + 3 * k)).collect()).collect(),
            weights: (0..rows)
                .map(|i| (0..choices).map(|k| ((i + k) % 3) as f32 * 0.5).collect())
                .collect(),
            shared: (0..negatives).map(|j| place(j * 5 + 1)).collect(),
            corrections,
            target_corrections,
            offsets: (0..=rows).map(|i| (0..i).map(own).sum::<usize>() as i32).collect(),
            classes: (0..rows.min(places)).map(|i| i as i32).collect(),
            codes: (0..rows.min(places)).map(|i| (i % 2) as i32).collect(),
        }
    }

    /// Loss, and gradients of hidden, table, bias and values of three times the loss: a factor
    /// other than 1 must reach the gradients.
    fn run(&self, form: Loss, kind: SampledLoss) -> [Vec<f32>; 5] {
        let device = device::open("ndarray").unwrap().autodiff();
        let data = |rows: &[Vec<f32>]| {
            TensorData::new(rows.concat(), [rows.len(), rows.first().map_or(0, Vec::len)])
        };
        let matrix = |rows: &[Vec<f32>]| Tensor::<2>::from_data(data(rows), &device);
        let vector = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len()]);
            Tensor::<1>::from_data(data, &device).require_grad()
        };
        let hidden = matrix(&self.hidden).require_grad();
        let table = matrix(&self.table).require_grad();
        let (bias, values) = (vector(&self.bias), vector(&self.values));
        let shape = [self.targets.len(), self.targets[0].len()];
        let targets = Tensor::from_data(TensorData::new(self.targets.concat(), shape), &device);
        let candidates = Candidates {
            shared: self.shared.clone(),
            corrections: self.corrections.clone(),
            target_corrections: self.target_corrections.clone(),
        };
        let terms = SparseTerms {
            values: values.clone(),
            offsets: self.offsets.clone(),
            classes: self.classes.clone(),
            codes: self.codes.clone(),
        };
        let loss = form(
            kind,
            hidden.clone(),
            table.clone(),
            bias.clone(),
            targets,
            matrix(&self.weights),
            &candidates,
            Some(terms),
        );
        let grads = loss.clone().mul_scalar(3.0).backward();
        let list = |data: TensorData| data.try_to_vec::<f32>().unwrap();
        [
            list(loss.into_data()),
            list(hidden.grad(&grads).unwrap().into_data()),
            list(table.grad(&grads).unwrap().into_data()),
            list(bias.grad(&grads).unwrap().into_data()),
            list(values.grad(&grads).unwrap().into_data()),
        ]
    }
}

/// Largest difference relative to the largest magnitude of `b`, but at least to `floor`.
fn distance(a: &[f32], b: &[f32], floor: f32) -> f32 {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().chain(b).all(|v| v.is_finite()), "not finite");
    let scale = b.iter().fold(floor, |m, x| m.max(x.abs()));
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f32, f32::max) / scale
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    // Oracle: the definition in burn's own operations under its autodiff.
    #[test]
    fn fused_equals_reference_over_odd_shapes(
        rows in 1usize..130,
        width in 1usize..130,
        places in 1usize..130,
        negatives in 0usize..130,
        choices in 1usize..4,
    ) {
        let inputs = Inputs::noise(rows, width, places, negatives, choices);
        for kind in KINDS {
            let [fused, plain] = FORMS.map(|form| inputs.run(form, kind));
            for (what, (a, b)) in fused.iter().zip(&plain).enumerate() {
                // Logits are of order 1: so is what a gradient of less is the difference of.
                let d = distance(a, b, 0.1);
                prop_assert!(d <= 1e-5, "{kind:?} output {what}: {d:e}");
            }
        }
    }
}

#[derive(Deserialize)]
struct Golden {
    inputs: Inputs,
    losses: std::collections::BTreeMap<String, Results>,
}

#[derive(Deserialize)]
struct Results {
    loss: f32,
    gradients: Gradients,
}

#[derive(Deserialize)]
struct Gradients {
    hidden: Vec<f32>,
    table: Vec<f32>,
    bias: Vec<f32>,
    values: Vec<f32>,
}

// Oracle: PyTorch's autograd in double precision; tests/golden/sampled_losses.py.
#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    let text = include_str!("../../tests/golden/sampled_losses.json");
    let golden: Golden = serde_json::from_str(text).unwrap();
    let names = ["soft-max", "bpr-max", "bpr-max with elu", "top1-max"];
    assert_eq!(golden.losses.len(), names.len());
    for (name, kind) in names.into_iter().zip(KINDS) {
        let Results { loss, gradients: g } = &golden.losses[name];
        for form in FORMS {
            let [value, got @ ..] = golden.inputs.run(form, kind);
            assert!(distance(&value, &[*loss], 0.0) < 2e-6, "{name}: {value:?} {loss}");
            for (got, want) in got.iter().zip([&g.hidden, &g.table, &g.bias, &g.values]) {
                let got: Vec<f32> = got.iter().map(|x| x / 3.0).collect();
                assert!(distance(&got, want, 0.0) < 1e-5, "{name}");
            }
        }
    }
}

// Oracle: the definition: logits of 1e4 leave the loss a difference of two of them.
#[test]
fn reference_and_fused_stay_finite_at_ten_thousand() {
    for kind in KINDS {
        for form in FORMS {
            let mut inputs = Inputs::noise(9, 1, 12, 20, 2);
            inputs.hidden.iter_mut().flatten().for_each(|x| *x *= 100.0);
            inputs.table.iter_mut().flatten().for_each(|x| *x *= 50.0);
            let outputs = inputs.run(form, kind);
            assert!(outputs.iter().flatten().all(|x| x.is_finite()), "{kind:?}");
        }
    }
}

// Oracle: the names that settings files use.
#[test]
fn settings_name_losses_in_kebab_case() {
    let written = |kind: SampledLoss| serde_json::to_string(&kind).unwrap();
    assert_eq!(written(SampledLoss::default()), "\"soft-max\"");
    assert_eq!(written(SampledLoss::Top1Max), "\"top1-max\"");
    assert_eq!(written(KINDS[2]), "{\"bpr-max\":{\"regularization\":0.7,\"elu\":0.5}}");
    for kind in KINDS {
        assert_eq!(serde_json::from_str::<SampledLoss>(&written(kind)).unwrap(), kind);
    }
}
