//! The mean of several models' weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::TrainError;

/// Element by element, the mean of the weights of `models`, which are without autodiff: weights at
/// the end of a training circle around a better point than each of them (Izmailov et al. 2018).
/// `None` without models.
pub(super) fn mean<M: Module>(mut models: Vec<M>) -> Result<Option<M>, TrainError> {
    let count = models.len();
    let Some(first) = models.pop() else { return Ok(None) };
    if count == 1 {
        return Ok(Some(first));
    }
    let mut sums = Sums::default();
    for model in models.iter().chain([&first]) {
        sums.at = 0;
        model.visit(&mut sums);
    }
    if let Some(message) = sums.failed {
        return Err(TrainError::Device { message });
    }
    sums.tensors.iter_mut().flatten().for_each(|sum| *sum /= count as f64);
    sums.at = 0;
    Ok(Some(first.map(&mut sums)))
}

/// Sums of each tensor's elements, in the order in which a module shows them.
#[derive(Default)]
struct Sums {
    tensors: Vec<Vec<f64>>,
    at: usize,
    failed: Option<String>,
}

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        match param.val().try_into_vec_as::<f64>() {
            Ok(values) if self.at == self.tensors.len() => self.tensors.push(values),
            Ok(values) => {
                for (sum, value) in self.tensors[self.at].iter_mut().zip(values) {
                    *sum += value;
                }
            }
            Err(error) => self.failed = Some(error.to_string()),
        }
        self.at += 1;
    }
}

impl ModuleMapper for Sums {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let values = std::mem::take(&mut self.tensors[self.at]);
        self.at += 1;
        let data = TensorData::new(values, tensor.dims()).convert_dtype(tensor.dtype());
        Param::from_mapped_value(id, Tensor::from_data(data, &tensor.device()), mapper)
    }
}
