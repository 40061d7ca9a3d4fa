//! The way from a tensor of the `ndarray` backend to a slice and back.

use std::borrow::Cow;

use burn::tensor::{Shape, TensorData};
use burn_ndarray::NdArrayTensor;

/// Elements of a contiguous copy or, where the tensor is contiguous already, of the tensor itself.
macro_rules! elements {
    ($name:ident, $variant:ident, $t:ty) => {
        pub(crate) fn $name(tensor: &NdArrayTensor) -> Cow<'_, [$t]> {
            match tensor {
                NdArrayTensor::$variant(storage) => match storage.view().to_slice() {
                    Some(slice) => Cow::Borrowed(slice),
                    None => Cow::Owned(storage.view().iter().copied().collect()),
                },
                other => unreachable!("mixed element types: {other:?}"),
            }
        }
    };
}
elements!(f32s, F32, f32);
elements!(f64s, F64, f64);

/// Class numbers, whatever integer type the device uses.
pub(crate) fn indices(tensor: &NdArrayTensor) -> Vec<u32> {
    // A negative number wraps far beyond any class and is caught by the kernel's range check.
    match tensor {
        NdArrayTensor::I64(s) => s.view().iter().map(|&v| v as u32).collect(),
        NdArrayTensor::I32(s) => s.view().iter().map(|&v| v as u32).collect(),
        NdArrayTensor::U32(s) => s.view().iter().copied().collect(),
        other => unreachable!("integer tensor of an unexpected type: {other:?}"),
    }
}

/// A tensor that takes `values` over.
pub(crate) fn tensor<E: burn::tensor::Element>(
    values: Vec<E>,
    shape: impl Into<Shape>,
) -> NdArrayTensor {
    NdArrayTensor::from_data(TensorData::new(values, shape.into()))
}
