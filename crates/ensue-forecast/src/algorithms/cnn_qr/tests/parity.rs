//! wgpu against ndarray: the same weights and the same windows give the same loss, gradients and forecasts.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor},
};
use ensue_core::{Quantile, Seed};
use ensue_nn::device;

use super::super::{
    forecast::Forecasting,
    inputs::Inputs,
    network::{Network, Shape, loss},
    windows::Windows,
};
use super::{daily, quick};
use crate::TrainingData;

/// Largest difference that counts as agreement, relative to the largest magnitude of a tensor.
const TOLERANCE: f64 = 1e-4;

/// Named values.
type Values = Vec<(String, Vec<f64>)>;

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
        self.out.push((format!("gradient of {name}"), values(grad)));
    }
}

fn measure(device: &Device) -> Values {
    let target = |n: usize| (0..40 + n).map(|t| ((t * (n + 3)) % 11) as f64).collect::<Vec<f64>>();
    let panel = daily((0..9).map(target).collect());
    let data = TrainingData { panel: panel.clone(), horizon: 6 };
    let settings = quick();
    let inputs = Inputs::new(&settings, &data);
    let windows = Windows::new(inputs.clone(), inputs.past(&panel, false).unwrap(), &settings);
    let network = Network::new(&Shape::new(&settings, &inputs), 0.0, Seed(4), device);
    let autodiff = device.clone().autodiff();
    let tracked = network.clone().to_device(&autodiff).train();
    let batch = windows.epoch(1, 16, Seed(2)).next().unwrap();
    let value = loss(&tracked.forward(&batch, None, &autodiff), &batch, &autodiff);
    let mut out = vec![("loss".to_owned(), values(value.clone()))];
    let grads = value.backward();
    tracked.visit(&mut Collect { grads: &grads, path: Vec::new(), out: &mut out });
    let forecasting = Forecasting { network: &network, inputs: &inputs, device };
    for forecast in forecasting.forecast(&panel, &Quantile::deciles()).unwrap() {
        out.push(("mean".to_owned(), forecast.mean));
        out.extend(forecast.quantiles.into_iter().map(|q| ("quantile".to_owned(), q)));
    }
    out
}

#[test]
fn parity_of_loss_gradients_and_forecasts() {
    // Oracle: ndarray.
    let wgpu = device::open("wgpu").expect("parity needs a wgpu adapter; a software one will do");
    let ndarray = device::open("ndarray").unwrap();
    let (a, b) = (measure(&wgpu), measure(&ndarray));
    assert_eq!(a.len(), b.len());
    for ((name, a), (other, b)) in a.iter().zip(&b) {
        assert_eq!((name, a.len()), (other, b.len()));
        assert!(a.iter().chain(b).all(|v| v.is_finite()), "{name} is not finite");
        let scale = b.iter().fold(1e-6f64, |m, x| m.max(x.abs()));
        let worst = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0f64, f64::max);
        assert!(worst <= TOLERANCE * scale, "{name} differs by {worst:e} of {scale:e}");
    }
}
