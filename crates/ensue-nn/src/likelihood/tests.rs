//! The loss through burn's autodiff, fused and plain; the names.

use burn::tensor::{Device, Tensor, TensorData};
use ensue_core::Seed;
use proptest::prelude::*;
use rand::RngExt;

use super::Likelihood;
use crate::device;

type Loss = fn(Likelihood, Tensor<3>, Tensor<2>, Tensor<1>, Tensor<2>) -> Tensor<1>;

const BATCH: usize = 3;
const TIME: usize = 4;

#[derive(Debug, Clone)]
struct Case {
    likelihood: Likelihood,
    raw: Vec<f32>,
    target: Vec<f32>,
    scale: Vec<f32>,
    weights: Vec<f32>,
}

impl Case {
    /// Raw outputs up to `spread` from 0, targets about where a distribution may put them. A third of
    /// the weights are 0, and their targets NaN.
    fn drawn(likelihood: Likelihood, spread: f32, scale: f32, seed: u64) -> Self {
        let mut rng = Seed(seed).stream("case");
        let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random()).collect() };
        let raw = numbers(BATCH * TIME * likelihood.parameters());
        let scale: Vec<f32> = numbers(BATCH).iter().map(|x| scale * (0.5 + x)).collect();
        let weights: Vec<f32> = (0..BATCH * TIME).map(|i| (i % 3) as f32 * 0.7).collect();
        let target = numbers(BATCH * TIME).into_iter().enumerate().map(|(i, x)| match likelihood {
            _ if weights[i] == 0.0 => f32::NAN,
            Likelihood::Beta => 0.01 + 0.98 * x,
            Likelihood::NegativeBinomial => (scale[i / TIME] * 2.0 * x).floor(),
            _ => scale[i / TIME] * (4.0 * x - 2.0),
        });
        let target = target.collect();
        // Every seventh is exactly 0, as after an initialisation with zeros.
        let raw = raw.iter().enumerate().map(|(i, x)| match i % 7 {
            0 => 0.0,
            _ => (x * 2.0 - 1.0) * spread,
        });
        Self { likelihood, raw: raw.collect(), target, scale, weights }
    }

    /// Loss and gradient.
    fn run(&self, loss: Loss, device: &Device) -> (f32, Vec<f32>) {
        let device = device.clone().autodiff();
        let matrix = |values: &[f32]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [BATCH, TIME]), &device)
        };
        let raw = TensorData::new(self.raw.clone(), [BATCH, TIME, self.likelihood.parameters()]);
        let raw = Tensor::<3>::from_data(raw, &device).require_grad();
        let scale = Tensor::from_data(TensorData::new(self.scale.clone(), [BATCH]), &device);
        let (target, weights) = (matrix(&self.target), matrix(&self.weights));
        let y = loss(self.likelihood, raw.clone(), target, scale, weights);
        // A factor other than 1 must reach the gradient.
        let grads = y.clone().mul_scalar(3.0).backward();
        let values = |data: TensorData| data.try_to_vec::<f32>().unwrap();
        (values(y.into_data())[0], values(raw.grad(&grads).unwrap().into_data()))
    }

    /// Where the two differ by more than `tolerance`, relative to the largest magnitude.
    fn difference(
        &self,
        a: &(f32, Vec<f32>),
        b: &(f32, Vec<f32>),
        tolerance: f32,
    ) -> Option<String> {
        let size = b.1.iter().fold(1.0f32, |m, x| m.max(x.abs()));
        let worst = a.1.iter().zip(&b.1).map(|(x, y)| (x - y).abs()).fold(0.0f32, f32::max);
        let finite = a.1.iter().chain(&b.1).all(|x| x.is_finite());
        let loss = (a.0 - b.0).abs();
        let fits = loss <= tolerance * b.0.abs().max(10.0) && worst <= tolerance * size && finite;
        let text = || format!("loss {} and {}, gradient off by {worst} of {size}", a.0, b.0);
        (!fits).then(|| format!("{}: {}", self.likelihood, text()))
    }
}

proptest! {
    // Oracle: plain tensor operations under burn's autodiff.
    #[test]
    fn fused_equals_reference(
        seed in 0..u64::MAX,
        spread in prop::sample::select(vec![0.5f32, 4.0]),
        scale in prop::sample::select(vec![0.02f32, 1.0, 40.0, 3000.0]),
    ) {
        let device = device::open("ndarray").unwrap();
        for likelihood in Likelihood::ALL {
            let case = Case::drawn(likelihood, spread, scale, seed);
            let fused = case.run(Likelihood::loss, &device);
            let plain = case.run(Likelihood::loss_reference, &device);
            let difference = case.difference(&fused, &plain, 1e-4);
            prop_assert!(difference.is_none(), "{difference:?} {case:?}");
        }
    }

    // Oracle: the promise of a finite loss and gradient; 0 where the weight is.
    #[test]
    fn both_forms_stay_finite(
        seed in 0..u64::MAX,
        exponent in -6.0..9.0f64,
        far in prop::sample::select(vec![0.0f32, 1.0, 3e4, 1e9]),
    ) {
        let device = device::open("ndarray").unwrap();
        for likelihood in Likelihood::ALL {
            let mut case = Case::drawn(likelihood, 50.0, 10f64.powf(exponent) as f32, seed);
            let last = BATCH * TIME - 1;
            (case.target[last], case.weights[last]) = (far, 1.0);
            for form in [Likelihood::loss as Loss, Likelihood::loss_reference] {
                let (loss, grad) = case.run(form, &device);
                prop_assert!(loss.is_finite(), "{case:?}: {loss}");
                prop_assert!(grad.iter().all(|g| g.is_finite()), "{case:?}: {grad:?}");
                for (grad, weight) in grad.chunks(likelihood.parameters()).zip(&case.weights) {
                    prop_assert!(*weight != 0.0 || grad.iter().all(|&g| g == 0.0), "{case:?}");
                }
            }
        }
    }
}

// Oracle: a device without autodiff takes another path to the same number.
#[test]
fn the_loss_needs_no_autodiff() {
    let device = device::open("ndarray").unwrap();
    for likelihood in Likelihood::ALL {
        let case = Case::drawn(likelihood, 2.0, 5.0, 1);
        let matrix = |values: &[f32]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), [BATCH, TIME]), &device)
        };
        let raw = TensorData::new(case.raw.clone(), [BATCH, TIME, likelihood.parameters()]);
        let raw = Tensor::<3>::from_data(raw, &device);
        let scale = Tensor::from_data(TensorData::new(case.scale.clone(), [BATCH]), &device);
        let loss = likelihood.loss(raw, matrix(&case.target), scale, matrix(&case.weights));
        let want = case.run(Likelihood::loss, &device).0;
        assert_eq!(loss.into_data().try_to_vec::<f32>().unwrap(), [want], "{likelihood}");
    }
}

// Oracle: ndarray.
#[cfg(feature = "wgpu")]
#[test]
fn wgpu_equals_ndarray() {
    let wgpu = device::open("wgpu").expect("this test needs an adapter; software ones count");
    let ndarray = device::open("ndarray").unwrap();
    for likelihood in Likelihood::ALL {
        for (seed, scale) in [(1, 0.5), (2, 40.0)] {
            let case = Case::drawn(likelihood, 2.0, scale, seed);
            let (a, b) = (case.run(Likelihood::loss, &wgpu), case.run(Likelihood::loss, &ndarray));
            assert_eq!(case.difference(&a, &b, 1e-4), None);
        }
    }
}

// Oracle: Amazon's list of names.
#[test]
fn names_are_amazons_in_text_and_json() {
    let names = [
        "student-T",
        "gaussian",
        "negative-binomial",
        "beta",
        "piecewise-linear",
        "deterministic-L1",
    ];
    assert_eq!(Likelihood::ALL.map(|likelihood| likelihood.to_string()), names);
    for (name, likelihood) in names.into_iter().zip(Likelihood::ALL) {
        assert_eq!(name.parse(), Ok(likelihood));
        assert_eq!(serde_json::to_value(likelihood).unwrap(), name);
        assert_eq!(serde_json::from_value::<Likelihood>(name.into()).unwrap(), likelihood);
    }
    let error = "poisson".parse::<Likelihood>().unwrap_err().to_string();
    assert!(
        error.starts_with("no likelihood is named \"poisson\"; there are: student-T, gaussian")
    );
}

// Oracle: the table in the documentation of `Likelihood`.
#[test]
fn the_support_is_that_of_the_distribution() {
    use Likelihood::{Beta, NegativeBinomial, StudentT};
    for likelihood in Likelihood::ALL {
        assert!(likelihood.supports(likelihood.value_in_support()), "{likelihood}");
        assert_eq!(likelihood.uses_scale(), likelihood != Beta, "{likelihood}");
        for no in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!likelihood.supports(no), "{likelihood} {no}");
        }
    }
    assert!([0.0, 1.0, 1e9].iter().all(|&y| NegativeBinomial.supports(y)));
    assert!([-1.0, 0.5].iter().all(|&y| !NegativeBinomial.supports(y)));
    assert!(Beta.supports(0.999) && !Beta.supports(0.0) && !Beta.supports(1.0));
    assert!(StudentT.supports(-2.5));
}
