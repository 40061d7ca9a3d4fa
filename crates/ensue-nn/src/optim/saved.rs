//! An optimiser's state as safetensors.
//!
//! | tensor | what |
//! |---|---|
//! | `{path}/count` | gradients the parameter has had: one u64 |
//! | `{path}/counts` | instead, where rows are counted: one u32 for each |
//! | `{path}/first`, `{path}/second` | the moments, flat; the second only where the rule has one |

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::clock::Clock;
use super::rule::Step;
use super::state::{Moments, Slot, Values};
use super::{Optimizer, OptimizerError, OptimizerState};

impl OptimizerState {
    /// The state as safetensors bytes; equal states give equal bytes.
    ///
    /// # Errors
    ///
    /// [`OptimizerError::Device`] when the device cannot be read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, OptimizerError> {
        let mut tensors = Vec::new();
        for (path, slot) in &self.slots {
            let (first, second) = match &slot.values {
                Values::Host { first, second } => {
                    let data = |v: &Vec<f32>| TensorData::new(v.clone(), [v.len()]);
                    (data(first), (!second.is_empty()).then(|| data(second)))
                }
                Values::Device(moments) => {
                    let moments = moments.as_ref().expect("no step is under way");
                    let Moments { first, second } = &**moments;
                    let second = second.as_ref().map(read).transpose()?;
                    (read(first)?, second)
                }
            };
            tensors.push(match &slot.clock {
                Clock::Whole(count) => {
                    (format!("{path}/count"), TensorData::new(vec![*count], [1]))
                }
                Clock::Rows(counts) => {
                    (format!("{path}/counts"), TensorData::new(counts.clone(), [counts.len()]))
                }
            });
            tensors.push((format!("{path}/first"), first));
            tensors.extend(second.map(|second| (format!("{path}/second"), second)));
        }
        let views = tensors.iter().map(|(name, data)| {
            let dtype = match data.dtype() {
                DType::F64 => Dtype::F64,
                DType::U64 => Dtype::U64,
                DType::U32 => Dtype::U32,
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
                let part = matches!(part, "count" | "counts" | "first" | "second");
                part && shapes.found.contains_key(path)
            })
        };
        if let Some(name) = file.names().into_iter().filter(|name| !wanted(name)).min() {
            return Err(mismatch(name, "is not of this model"));
        }
        let needs_second = Step::needs_second(&state.optimizer);
        for (path, shape) in shapes.found {
            // A parameter that never had a gradient has no state.
            let Some(clock) = shape.clock(&file, &path)? else { continue };
            let part = |part: &str| shape.read(&file, &format!("{path}/{part}"));
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
                let second = second.map(tensor);
                Values::Device(Some(Box::new(Moments { first: tensor(first), second })))
            };
            state.slots.insert(path, Slot { clock, values });
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

/// What the model says about a parameter.
struct Shape {
    device: Device,
    dtype: DType,
    rows: usize,
    length: usize,
}

impl Shape {
    /// `None` where the file has neither form of it.
    fn clock(&self, file: &SafeTensors<'_>, path: &str) -> Result<Option<Clock>, OptimizerError> {
        let name = format!("{path}/counts");
        if let Ok(view) = file.tensor(&name) {
            if view.dtype() != Dtype::U32 {
                return Err(mismatch(&name, "has another type"));
            }
            if view.shape() != [self.rows] {
                return Err(mismatch(&name, "has another length"));
            }
            let (counts, _) = view.data().as_chunks();
            return Ok(Some(Clock::Rows(counts.iter().map(|b| u32::from_le_bytes(*b)).collect())));
        }
        let name = format!("{path}/count");
        let Ok(view) = file.tensor(&name) else { return Ok(None) };
        let count =
            <[u8; 8]>::try_from(view.data()).map_err(|_| mismatch(&name, "is not one number"))?;
        Ok(Some(Clock::Whole(u64::from_le_bytes(count))))
    }

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
        let dims = value.dims();
        let shape = Shape {
            device: value.device().without_autodiff(),
            dtype: value.dtype(),
            rows: dims[0],
            length: dims.iter().product(),
        };
        self.found.insert(self.path.join("."), shape);
    }
}
