//! The pass over the parameters of a module that updates those with a gradient.

use std::collections::{BTreeMap, HashMap};

use burn::module::{ModuleMapper, Param};
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use super::Optimizer;
use super::clock::Clock;
#[cfg(feature = "wgpu")]
use super::fused;
use super::gradients::{Flat, Gradient, Scale};
use super::host::Part;
use super::rule::{Factor, Pace, Paces, Step, Triple};
use super::state::{Moments, Slot, Values};
use crate::embedding::row_numbers;

/// Updates each parameter that has a gradient.
pub(super) struct Mapper<'a> {
    pub(super) path: Vec<String>,
    pub(super) gradients: HashMap<String, Gradient>,
    pub(super) scale: Scale,
    pub(super) learning_rate: f64,
    pub(super) optimizer: &'a Optimizer,
    pub(super) paces: &'a mut Paces,
    pub(super) slots: &'a mut BTreeMap<String, Slot>,
}

impl ModuleMapper for Mapper<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let Some(Gradient { flat: gradient, rows }) = self.gradients.remove(&path) else {
            return param;
        };
        // Consuming leaves one owner of the buffer, so that ndarray hands it out without a copy.
        let (id, tensor, mapper) = param.consume();
        let tensor = tensor.inner();
        let (dims, device) = (tensor.dims(), tensor.device());
        let shape = [dims[0], dims[1..].iter().product()];
        let length = shape[0] * shape[1];
        let needs_second = Step::needs_second(self.optimizer);
        let slot = self.slots.entry(path).or_insert_with(|| Slot {
            clock: Clock::Whole(0),
            values: match &gradient {
                Flat::Host(_) => Values::Host {
                    first: vec![0.0; length],
                    second: vec![0.0; if needs_second { length } else { 0 }],
                },
                Flat::Device(_) => {
                    let zeros = || Tensor::zeros([length], (&device, tensor.dtype()));
                    let second = needs_second.then(zeros);
                    Values::Device(Some(Box::new(Moments { first: zeros(), second })))
                }
            },
        });
        let whole = rows.is_none();
        let part = slot.clock.tick(rows, shape, self.optimizer, self.learning_rate, self.paces);
        let step = Step::new(self.optimizer, self.learning_rate);
        let updated = match (gradient, &mut slot.values) {
            (Flat::Host(gradient), Values::Host { first, second }) => {
                let mut data = tensor.into_data();
                let weights = data
                    .as_mut_slice::<f32>()
                    .expect("the host path is taken only when every parameter is f32");
                let scale = match &self.scale {
                    Scale::Host(scale) => *scale,
                    Scale::Device(_) => unreachable!("host gradients give a host scale"),
                };
                step.host(&part, &gradient, scale, weights, first, second);
                Tensor::from_data(data, &device)
            }
            (Flat::Device(gradient), Values::Device(moments)) => {
                let scale = match &self.scale {
                    Scale::Host(_) => None,
                    Scale::Device(scale) => Some((**scale).clone()),
                };
                let Moments { first, second } = *moments.take().expect("put back by each step");
                let before = Triple { weights: tensor.reshape([-1]), first, second };
                let gradient = Chosen { gradient: *gradient, scale, whole };
                let after = on_device(step, part, before, gradient, shape);
                *moments = Some(Box::new(Moments { first: after.first, second: after.second }));
                after.weights.reshape(dims)
            }
            _ => unreachable!("gradients and state are made by one rule, fixed in `new`"),
        };
        Param::from_mapped_value(id, Tensor::from_inner(updated).require_grad(), mapper)
    }
}

/// A flat gradient on its device.
struct Chosen {
    gradient: Tensor<1>,
    /// A factor on it.
    scale: Option<Tensor<1>>,
    /// Whether it is that of the whole parameter.
    whole: bool,
}

/// Updates a parameter `[rows, width]`, given flat: in one launch where there are kernels for it.
fn on_device(
    step: Step,
    part: Part,
    before: Triple<1>,
    Chosen { gradient, scale, whole }: Chosen,
    shape: [usize; 2],
) -> Triple<1> {
    let device = gradient.device();
    #[cfg(feature = "wgpu")]
    if crate::device::is_wgpu(&device) {
        return match part {
            Part::Whole(pace) => fused::whole(step, pace, before, gradient, scale),
            Part::Rows { rows, paces, .. } => {
                let gradient = gradient.reshape([rows.len(), shape[1]]);
                let table = before.map(|tensor| tensor.reshape(shape));
                let rows = row_numbers(&rows, &device);
                let after = fused::rows(step, &paces, rows, table, gradient, scale);
                after.map(|tensor| tensor.reshape([-1]))
            }
        };
    }
    let gradient = match scale {
        None => gradient,
        Some(scale) => gradient * scale,
    };
    match part {
        Part::Whole(pace) => {
            let (rate, root) = (Factor::Same(pace.rate), Factor::Same(pace.root));
            step.device(before, gradient, &rate, &root)
        }
        Part::Rows { rows, paces, .. } => {
            let rows = (!whole).then(|| row_numbers(&rows, &device));
            rows_in_tensors(step, before, gradient, rows.as_ref(), &paces, shape)
        }
    }
}

/// Updates rows of a parameter `[rows, width]` that each have a pace of their own.
fn rows_in_tensors(
    step: Step,
    before: Triple<1>,
    gradient: Tensor<1>,
    rows: Option<&Tensor<1, Int>>,
    paces: &[Pace],
    shape: [usize; 2],
) -> Triple<1> {
    let (device, dtype) = (gradient.device(), gradient.dtype());
    let factor = |of: fn(&Pace) -> f64| {
        let values: Vec<f64> = paces.iter().map(of).collect();
        let values = TensorData::new(values, [paces.len(), 1]);
        Factor::Each(Box::new(Tensor::from_data(values, (&device, dtype))))
    };
    let (rate, root) = (factor(|pace| pace.rate), factor(|pace| pace.root));
    let gradient = gradient.reshape([paces.len(), shape[1]]);
    let table = before.map(|tensor| tensor.reshape(shape));
    let after = match rows {
        None => step.device(table, gradient, &rate, &root),
        Some(rows) => {
            let picked = table.clone().map(|tensor| tensor.select(0, rows.clone()));
            let changed = step.device(picked, gradient, &rate, &root);
            table.zip(changed, |tensor, changed| {
                tensor.select_assign(0, rows.clone(), changed, IndexingUpdateOp::Assign)
            })
        }
    };
    after.map(|tensor| tensor.reshape([-1]))
}
