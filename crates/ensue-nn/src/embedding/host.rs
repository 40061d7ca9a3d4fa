//! Rows of a table that lives in the host's memory.
#![expect(
    deprecated,
    reason = "burn-ndarray is deprecated upstream, and the CPU backend of this project"
)]

use burn::tensor::Tensor;
use burn_ndarray::{NdArray, NdArrayTensor};

/// The rows of an f32 table on ndarray, one after the other; `None` for any other tensor.
///
/// burn's own `select` takes a view of each row and concatenates them; this is a plain copy.
pub(super) fn rows<const D: usize>(table: &Tensor<D>, rows: &[u32]) -> Option<Vec<f32>> {
    if !crate::device::is_ndarray(&table.device()) {
        return None;
    }
    let Ok(NdArrayTensor::F32(storage)) = table.clone().try_into_primitive::<NdArray>() else {
        return None;
    };
    let view = storage.view();
    let values = view.to_slice()?;
    let width: usize = table.dims()[1..].iter().product();
    let mut out = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        out.extend_from_slice(&values[row as usize * width..][..width]);
    }
    Some(out)
}
