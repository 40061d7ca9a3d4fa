//! What an optimiser remembers between steps, keyed by parameter path; saved as safetensors.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::Optimizer;
use super::gradients::{Flat, Scale, collect};
use super::rule::Step;
use crate::device::is_ndarray;

/// Why an optimiser could not step, or its state could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// The gradient has a NaN or an infinity in it. Only looked for on ndarray, where it is free.
    #[error("the gradient is not finite (global norm {norm})")]
    NonFinite {
        /// Global norm before clipping.
        norm: f64,
    },
    /// The bytes are not a safetensors file.
    #[error("optimiser state is damaged")]
    Malformed {
        /// What the parser found.
        #[from]
        source: SafeTensorError,
    },
    /// A tensor is missing, or has another length or type than the model's.
    #[error("optimiser state does not fit the model: tensor {tensor:?} {problem}")]
    Mismatch {
        /// Name of the tensor in the state.
        tensor: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The device could not be read.
    #[error("cannot read the optimiser state from its device: {message}")]
    Device {
        /// The backend's own words.
        message: String,
    },
}

/// An [`Optimizer`] at work: its rule and, by parameter path, the moments it keeps.
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::Tensor;
/// use ensue_nn::device;
/// use ensue_nn::optim::{Adam, Optimizer, OptimizerState};
///
/// #[derive(Module, Debug)]
/// struct Point {
///     x: Param<Tensor<1>>,
/// }
///
/// let device = device::open("ndarray")?.autodiff();
/// let mut point = Point { x: Param::from_data([3.0f32], &device) };
/// let mut optimizer = OptimizerState::new(Optimizer::Adam(Adam::default()), &point);
/// for _ in 0..200 {
///     let loss = point.x.val().powi_scalar(2).sum();
///     point = optimizer.step(point, loss.backward(), 0.1, None)?;
/// }
/// assert!(point.x.val().into_scalar::<f32>().abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OptimizerState {
    optimizer: Optimizer,
    /// Whether parameters are updated as host slices.
    host: bool,
    slots: BTreeMap<String, Slot>,
}

#[derive(Debug)]
struct Slot {
    /// Gradients seen so far.
    count: u64,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Host { first: Vec<f32>, second: Vec<f32> },
    Device(Box<Moments>),
}

#[derive(Debug)]
struct Moments {
    first: Tensor<1>,
    second: Option<Tensor<1>>,
}

impl OptimizerState {
    /// A fresh state for `model`: all moments are zero.
    pub fn new<M: Module>(optimizer: Optimizer, model: &M) -> Self {
        let mut kinds = Kinds { host: true };
        model.visit(&mut kinds);
        Self { optimizer, host: kinds.host, slots: BTreeMap::new() }
    }

    /// The model after one step along `gradients`, which `loss.backward()` gave.
    ///
    /// A parameter without a gradient stays as it is, and so does its state. `clip_norm` bounds the
    /// norm over all gradients together (f64 on ndarray; elsewhere on the device, in its own type).
    ///
    /// # Errors
    ///
    /// [`OptimizerError::NonFinite`] on ndarray when the gradient has a NaN or an infinity in it.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: Gradients,
        learning_rate: f64,
        clip_norm: Option<f64>,
    ) -> Result<M, OptimizerError> {
        let collected = collect(&model, gradients, self.host, clip_norm.is_some());
        if !collected.norm().is_finite() {
            return Err(OptimizerError::NonFinite { norm: collected.norm() });
        }
        let scale = collected.scale(clip_norm);
        let mut mapper = Mapper {
            path: Vec::new(),
            gradients: collected.by_path,
            scale,
            learning_rate,
            optimizer: &self.optimizer,
            slots: &mut self.slots,
        };
        Ok(model.map(&mut mapper))
    }

    /// The state as safetensors bytes; equal states give equal bytes.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Device`] when the device cannot be read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OptimizerError> {
        let mut tensors = Vec::new();
        for (path, slot) in &self.slots {
            let count = TensorData::new(vec![slot.count], [1]);
            let (first, second) = match &slot.values {
                Values::Host { first, second } => {
                    let data = |v: &Vec<f32>| TensorData::new(v.clone(), [v.len()]);
                    (data(first), (!second.is_empty()).then(|| data(second)))
                }
                Values::Device(moments) => {
                    let Moments { first, second } = &**moments;
                    let second = second.as_ref().map(read).transpose()?;
                    (read(first)?, second)
                }
            };
            tensors.push((format!("{path}/count"), count));
            tensors.push((format!("{path}/first"), first));
            tensors.extend(second.map(|second| (format!("{path}/second"), second)));
        }
        let views = tensors.iter().map(|(name, data)| {
            let dtype = match data.dtype() {
                DType::F64 => Dtype::F64,
                DType::U64 => Dtype::U64,
                _ => Dtype::F32,
            };
            let view = TensorView::new(dtype, vec![data.num_elements()], data.as_bytes())?;
            Ok((name.as_str(), view))
        });
        let views = views.collect::<Result<Vec<_>, SafeTensorError>>()?;
        Ok(safetensors::serialize(views, None)?)
    }

    /// The state that [`to_bytes`](Self::to_bytes) wrote, for the same optimiser and model.
    ///
    /// # Errors
    ///
    /// [`OptimizerError`] when the bytes are damaged or do not fit the model.
    pub fn from_bytes<M: Module>(
        optimizer: Optimizer,
        model: &M,
        bytes: &[u8],
    ) -> Result<Self, OptimizerError> {
        let mut state = Self::new(optimizer, model);
        let mut shapes = Shapes::default();
        model.visit(&mut shapes);
        let file = SafeTensors::deserialize(bytes)?;
        let wanted = |name: &str| {
            name.rsplit_once('/').is_some_and(|(path, part)| {
                let part = matches!(part, "count" | "first" | "second");
                part && shapes.found.contains_key(path)
            })
        };
        if let Some(name) = file.names().into_iter().filter(|name| !wanted(name)).min() {
            return Err(mismatch(name, "is not of this model"));
        }
        let needs_second = Step::needs_second(&state.optimizer);
        for (path, shape) in shapes.found {
            let name = |part: &str| format!("{path}/{part}");
            // A parameter that never had a gradient has no state.
            let Ok(count) = file.tensor(&name("count")) else { continue };
            let count = <[u8; 8]>::try_from(count.data())
                .map_err(|_| mismatch(&name("count"), "is not one number"))?;
            let part = |part: &str| shape.read(&file, &name(part));
            let first = part("first")?;
            let second = needs_second.then(|| part("second")).transpose()?;
            let values = if state.host {
                let host = |data: TensorData| {
                    data.try_into_vec::<f32>()
                        .map_err(|_| mismatch(&path, "is not f32, as the host path needs"))
                };
                let second = second.map_or_else(|| Ok(Vec::new()), host)?;
                Values::Host { first: host(first)?, second }
            } else {
                let tensor = |data| Tensor::from_data(data, (&shape.device, shape.dtype));
                Values::Device(Box::new(Moments {
                    first: tensor(first),
                    second: second.map(tensor),
                }))
            };
            state.slots.insert(path, Slot { count: u64::from_le_bytes(count), values });
        }
        Ok(state)
    }
}

fn mismatch(tensor: &str, problem: &'static str) -> OptimizerError {
    OptimizerError::Mismatch { tensor: tensor.to_owned(), problem }
}

fn read(tensor: &Tensor<1>) -> Result<TensorData, OptimizerError> {
    let data = tensor.clone().try_into_data();
    data.map_err(|error| OptimizerError::Device { message: error.to_string() })
}

/// Whether every parameter is f32 on ndarray.
struct Kinds {
    host: bool,
}

impl ModuleVisitor for Kinds {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        self.host &= value.dtype() == DType::F32 && is_ndarray(&value.device());
    }
}

struct Shape {
    device: Device,
    dtype: DType,
    length: usize,
}

impl Shape {
    fn read(&self, file: &SafeTensors<'_>, name: &str) -> Result<TensorData, OptimizerError> {
        let view = file.tensor(name).map_err(|_| mismatch(name, "is missing"))?;
        if view.shape() != [self.length] {
            return Err(mismatch(name, "has another length"));
        }
        // Decoded by hand: the bytes of a file are not aligned for floats.
        match (view.dtype(), self.dtype) {
            (Dtype::F32, DType::F32) => {
                let (values, _) = view.data().as_chunks();
                let values: Vec<f32> = values.iter().map(|b| f32::from_le_bytes(*b)).collect();
                Ok(TensorData::new(values, [self.length]))
            }
            (Dtype::F64, DType::F64) => {
                let (values, _) = view.data().as_chunks();
                let values: Vec<f64> = values.iter().map(|b| f64::from_le_bytes(*b)).collect();
                Ok(TensorData::new(values, [self.length]))
            }
            _ => Err(mismatch(name, "has another type")),
        }
    }
}

#[derive(Default)]
struct Shapes {
    path: Vec<String>,
    found: BTreeMap<String, Shape>,
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let shape = Shape {
            device: value.device().without_autodiff(),
            dtype: value.dtype(),
            length: value.shape().num_elements(),
        };
        self.found.insert(self.path.join("."), shape);
    }
}

/// Updates each parameter that has a gradient.
struct Mapper<'a> {
    path: Vec<String>,
    gradients: std::collections::HashMap<String, Flat>,
    scale: Scale,
    learning_rate: f64,
    optimizer: &'a Optimizer,
    slots: &'a mut BTreeMap<String, Slot>,
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
        let Some(gradient) = self.gradients.remove(&path) else { return param };
        // Consuming leaves one owner of the buffer, so that ndarray hands it out without a copy.
        let (id, tensor, mapper) = param.consume();
        let (dims, device) = (tensor.dims(), tensor.device().without_autodiff());
        let needs_second = Step::needs_second(self.optimizer);
        let slot = self.slots.entry(path).or_insert_with(|| Slot {
            count: 0,
            values: match &gradient {
                Flat::Host(g) => Values::Host {
                    first: vec![0.0; g.len()],
                    second: vec![0.0; if needs_second { g.len() } else { 0 }],
                },
                Flat::Device(g) => Values::Device(Box::new(Moments {
                    first: g.zeros_like(),
                    second: needs_second.then(|| g.zeros_like()),
                })),
            },
        });
        slot.count += 1;
        let step = Step::new(self.optimizer, self.learning_rate, slot.count);
        let updated = match (gradient, &mut slot.values) {
            (Flat::Host(gradient), Values::Host { first, second }) => {
                let mut data = tensor.inner().into_data();
                let weights = data
                    .as_mut_slice::<f32>()
                    .expect("the host path is taken only when every parameter is f32");
                let scale = match &self.scale {
                    Scale::Host(scale) => *scale,
                    Scale::Device(_) => unreachable!("host gradients give a host scale"),
                };
                step.host(scale, weights, &gradient, first, second);
                Tensor::from_data(data, &device)
            }
            (Flat::Device(gradient), Values::Device(moments)) => {
                let gradient = match &self.scale {
                    Scale::Host(_) => *gradient,
                    Scale::Device(scale) => *gradient * (**scale).clone(),
                };
                let flat = tensor.inner().reshape([-1]);
                let before = (moments.first.clone(), moments.second.take());
                let (flat, first, second) = step.device(flat, gradient, before.0, before.1);
                **moments = Moments { first, second };
                flat.reshape(dims)
            }
            _ => unreachable!("gradients and state are made by one rule, fixed in `new`"),
        };
        Param::from_mapped_value(id, Tensor::from_inner(updated).require_grad(), mapper)
    }
}
