//! wgpu against ndarray: the same weights and the same noise give the same loss, gradients and paths.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor},
};
use ensue_core::{Quantile, Seed};
use ensue_nn::{device, likelihood::Likelihood};

use super::super::{
    forecast::Forecasting,
    inputs::Inputs,
    learner::loss,
    network::{Network, Shape},
    windows::Windows,
};
use super::{DeepAr, daily, quick};
use crate::TrainingData;

/// Largest difference that counts as agreement, relative to the largest magnitude of a tensor.
const TOLERANCE: f64 = 1e-4;
/// For paths: each draw is fed back.
const PATH_TOLERANCE: f64 = 2e-3;

/// Named values with their tolerance.
type Values = Vec<(String, f64, Vec<f64>)>;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let values = tensor.into_data().try_to_vec::<f32>().unwrap();
    values.into_iter().map(f64::from).collect()
}

struct Collect<'a> {
    grads: &'a Gradients,
    path: Vec<String>,
    out: &'a mut Values,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        let grad = param.val().grad(self.grads).unwrap_or_else(|| panic!("{name} has no gradient"));
        self.out.push((format!("gradient of {name}"), TOLERANCE, values(grad)));
    }
}

fn measure(device: &Device, settings: &DeepAr) -> Values {
    let target = |n: usize| (0..40 + n).map(|t| ((t * (n + 3)) % 11) as f64).collect::<Vec<f64>>();
    let panel = daily((0..9).map(target).collect());
    let data = TrainingData { panel: panel.clone(), horizon: 6 };
    let inputs = Inputs::new(settings, &data);
    let windows = Windows::new(inputs.clone(), inputs.ready(&panel, false).unwrap(), 0.0);
    let network = Network::new(&Shape::new(settings, &inputs), 0.0, Seed(4), device);
    let autodiff = device.clone().autodiff();
    let tracked = network.clone().to_device(&autodiff).train();
    let batch = windows.epoch(1, 16, Seed(2)).next().unwrap();
    let value = loss(&windows, &tracked, &batch, None, &autodiff);
    let mut out = vec![("loss".to_owned(), TOLERANCE, values(value.clone()))];
    let grads = value.backward();
    tracked.visit(&mut Collect { grads: &grads, path: Vec::new(), out: &mut out });
    let forecasting = Forecasting { network: &network, inputs: &inputs, device, paths: 7 };
    for forecast in forecasting.forecast(&panel, &Quantile::deciles(), Seed(3)).unwrap() {
        out.push(("mean".to_owned(), PATH_TOLERANCE, forecast.mean));
        out.extend(
            forecast.quantiles.into_iter().map(|q| ("quantile".to_owned(), PATH_TOLERANCE, q)),
        );
    }
    out
}

#[test]
fn parity_of_loss_gradients_and_paths() {
    // Oracle: ndarray, for every likelihood.
    let wgpu = device::open("wgpu").expect("parity needs a wgpu adapter; a software one will do");
    let ndarray = device::open("ndarray").unwrap();
    for likelihood in [
        Likelihood::StudentT,
        Likelihood::Gaussian,
        Likelihood::NegativeBinomial,
        Likelihood::PiecewiseLinear,
        Likelihood::DeterministicL1,
    ] {
        let settings = DeepAr { likelihood, num_layers: 2.try_into().unwrap(), ..quick() };
        let (a, b) = (measure(&wgpu, &settings), measure(&ndarray, &settings));
        assert_eq!(a.len(), b.len());
        for ((name, tolerance, a), (other, _, b)) in a.iter().zip(&b) {
            assert_eq!((name, a.len()), (other, b.len()));
            assert!(a.iter().chain(b).all(|v| v.is_finite()), "{likelihood}: {name} is not finite");
            let scale = b.iter().fold(1e-6f64, |m, x| m.max(x.abs()));
            let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f64, f64::max);
            assert!(
                worst <= tolerance * scale,
                "{likelihood}: {name} differs by {worst:e} of {scale:e}"
            );
        }
    }
}
