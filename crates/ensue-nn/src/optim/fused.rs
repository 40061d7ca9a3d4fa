//! The rules on devices that CubeCL drives: one launch for each parameter, in place.

use burn::tensor::{Int, Tensor, TensorData};
use burn_cubecl::Cube;
use burn_cubecl::tensor::CubeTensor;

use super::rule::{Pace, Step, Triple};
use crate::cube::optim::{AdagradStep, AdamStep, RowPaces, adagrad, adagrad_rows, adam, adam_rows};

/// The tensor of `Cube`, which is CubeCL's own only where burn's fusion is off.
#[diagnostic::on_unimplemented(
    message = "ensue does not work with burn's `fusion` feature, which some crate of this build turns on",
    label = "needs burn without `fusion`",
    note = "burn's default features turn `fusion` on: depend on burn with `default-features = false` and \
            `features = [\"std\"]`; `cargo tree -e features -i burn-fusion` names who else does"
)]
trait Plain {
    fn out(self) -> CubeTensor;
    fn back(tensor: CubeTensor) -> Self;
}

impl Plain for CubeTensor {
    fn out(self) -> CubeTensor {
        self
    }

    fn back(tensor: CubeTensor) -> Self {
        tensor
    }
}

fn lower<const D: usize>(tensor: Tensor<D>) -> CubeTensor {
    Plain::out(tensor.try_into_primitive::<Cube>().expect("the caller has asked for the device"))
}

fn lift<const D: usize>(tensor: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<Cube>(Plain::back(tensor))
}

/// Updates a parameter of any shape, given flat. `scale` `[1]` is a factor on the gradient.
pub(super) fn whole(
    step: Step,
    pace: Pace,
    before: Triple<1>,
    gradient: Tensor<1>,
    scale: Option<Tensor<1>>,
) -> Triple<1> {
    let (weights, first) = (lower(before.weights), lower(before.first));
    let (second, gradient) = (before.second.map(lower), lower(gradient));
    let scale = scale.map(lower);
    let (weights, first, second) = match step {
        Step::Adam { beta1, beta2, epsilon, keep } => {
            let second = second.expect("Adam always keeps a second buffer");
            let constants = AdamStep { beta1, beta2, epsilon, keep };
            let pace = (pace.rate, pace.root);
            let (weights, first, second) =
                adam(weights, gradient, first, second, scale, constants, pace);
            (weights, first, Some(second))
        }
        Step::Adagrad { epsilon, momentum } => {
            let constants = AdagradStep { epsilon, momentum, rate: pace.rate };
            adagrad(weights, gradient, first, second, scale, constants)
        }
    };
    Triple { weights: lift(weights), first: lift(first), second: second.map(lift) }
}

/// Updates the rows `rows` of a table `[table rows, width]`, each at its pace; `gradient` is
/// `[rows, width]`.
pub(super) fn rows(
    step: Step,
    paces: &[Pace],
    rows: Tensor<1, Int>,
    before: Triple<2>,
    gradient: Tensor<2>,
    scale: Option<Tensor<1>>,
) -> Triple<2> {
    let (device, dtype) = (gradient.device(), gradient.dtype());
    let factor = |of: fn(&Pace) -> f64| {
        let values: Vec<f64> = paces.iter().map(of).collect();
        lower(Tensor::<1>::from_data(TensorData::new(values, [paces.len()]), (&device, dtype)))
    };
    let rows = Plain::out(rows.try_into_primitive::<Cube>().expect("it is beside the gradient"));
    let (weights, first) = (lower(before.weights), lower(before.first));
    let (second, gradient) = (before.second.map(lower), lower(gradient));
    let scale = scale.map(lower);
    match step {
        Step::Adam { beta1, beta2, epsilon, keep } => {
            let second = second.expect("Adam always keeps a second buffer");
            let constants = AdamStep { beta1, beta2, epsilon, keep };
            let paces =
                RowPaces { rates: factor(|pace| pace.rate), roots: factor(|pace| pace.root) };
            let (weights, first, second) =
                adam_rows(weights, rows, gradient, first, second, scale, constants, paces);
            Triple { weights: lift(weights), first: lift(first), second: Some(lift(second)) }
        }
        Step::Adagrad { epsilon, momentum } => {
            // Without Adam's correction all rows go at one pace.
            let rate = paces.first().map_or(0.0, |pace| pace.rate);
            let constants = AdagradStep { epsilon, momentum, rate };
            let (weights, first, second) =
                adagrad_rows(weights, rows, gradient, first, second, scale, constants);
            Triple { weights: lift(weights), first: lift(first), second: second.map(lift) }
        }
    }
}
