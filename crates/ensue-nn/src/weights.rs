//! Weights as safetensors: module to bytes and back, through burn-store.
//!
//! Tensor names are the paths of the module's fields (`layers.0.weight`). Loading is strict: a
//! tensor that is missing, unexpected, or of another shape or type is an error that names it, and
//! the module is untouched until everything has been checked. Equal weights give equal bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{DType, Device};
use burn_store::{ModuleSnapshot, ModuleStore, SafetensorsStore, SafetensorsStoreError};
use ensue_core::artifact::{ArtifactError, write_atomic};
use safetensors::{SafeTensorError, SafeTensors};

/// Why weights could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The bytes end early, or go on after the last tensor.
    #[error("weights are truncated or damaged: {length} bytes do not match their header")]
    Length {
        /// Length of what was read, in bytes.
        length: usize,
    },
    /// The header is not that of a safetensors file.
    #[error("weights are not in safetensors format")]
    Malformed {
        /// What the parser found.
        source: SafeTensorError,
    },
    /// The module has a tensor that the weights lack.
    #[error("weights have no tensor {tensor:?}")]
    Missing {
        /// Path of the tensor in the module.
        tensor: String,
    },
    /// The weights have a tensor that the module lacks.
    #[error("weights have a tensor {tensor:?} that the model does not have")]
    Unexpected {
        /// Name of the tensor in the weights.
        tensor: String,
    },
    /// A tensor has another shape than the module's.
    #[error("tensor {tensor:?} has shape {found:?}, the model needs {expected:?}")]
    Shape {
        /// Path of the tensor.
        tensor: String,
        /// Shape in the module.
        expected: Vec<usize>,
        /// Shape in the weights.
        found: Vec<usize>,
    },
    /// A tensor has another element type than the module's.
    #[error("tensor {tensor:?} has type {found}, the model needs {expected}")]
    Dtype {
        /// Path of the tensor.
        tensor: String,
        /// Type in the module.
        expected: String,
        /// Type in the weights.
        found: String,
    },
    /// A file could not be read.
    #[error("cannot read weights from {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write weights")]
    Write(#[source] ArtifactError),
    /// burn-store refused; not expected after the checks above.
    #[error("weights store failed: {message}")]
    Store {
        /// burn-store's own words.
        message: String,
    },
}

impl From<SafetensorsStoreError> for WeightsError {
    fn from(error: SafetensorsStoreError) -> Self {
        Self::Store { message: error.to_string() }
    }
}

/// The weights of `model` as safetensors bytes; equal weights give equal bytes.
///
/// # Errors
///
/// [`WeightsError::Store`] when the device cannot be read.
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::{Device, Tensor};
/// use ensue_nn::{device, weights};
///
/// #[derive(Module, Debug)]
/// struct Line {
///     slope: Param<Tensor<1>>,
/// }
///
/// let cpu = device::open("ndarray")?;
/// let line = |value: f32| Line { slope: Param::from_data([value], &cpu) };
/// let bytes = weights::to_bytes(&line(2.0))?;
/// let loaded = weights::from_bytes(line(0.0), &bytes, &cpu)?;
/// assert_eq!(loaded.slope.val().into_scalar::<f32>(), 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn to_bytes<M: Module>(model: &M) -> Result<Vec<u8>, WeightsError> {
    // The default metadata is a hash map of three entries, whose order differs from run to run.
    let mut store =
        SafetensorsStore::from_bytes(None).clear_metadata().metadata("format", "safetensors");
    model.save_into(&mut store)?;
    Ok(store.get_bytes()?)
}

/// `model` with the weights of `bytes`, on `device`.
///
/// # Errors
///
/// [`WeightsError`] when the bytes are damaged or are not the weights of this model.
pub fn from_bytes<M: Module>(
    mut model: M,
    bytes: &[u8],
    device: &Device,
) -> Result<M, WeightsError> {
    SafeTensors::deserialize(bytes).map_err(|error| match error {
        SafeTensorError::HeaderTooSmall
        | SafeTensorError::InvalidHeaderLength
        | SafeTensorError::MetadataIncompleteBuffer => WeightsError::Length { length: bytes.len() },
        source => WeightsError::Malformed { source },
    })?;
    let mut store = SafetensorsStore::from_bytes(Some(bytes.to_vec()));
    check(&model, &mut store)?;
    model.load_from(&mut store)?;
    Ok(model.to_device(device))
}

/// Writes the weights of `model` to a file, atomically: an earlier file stays until the new one is
/// complete.
///
/// # Errors
///
/// [`WeightsError::Write`] when the file cannot be written.
pub fn save<M: Module>(model: &M, path: &Path) -> Result<(), WeightsError> {
    write_atomic(path, &to_bytes(model)?).map_err(WeightsError::Write)
}

/// `model` with the weights of a file, on `device`.
///
/// # Errors
///
/// [`WeightsError`] when the file cannot be read, is damaged, or is not of this model.
pub fn load<M: Module>(model: M, path: &Path, device: &Device) -> Result<M, WeightsError> {
    let bytes = std::fs::read(path)
        .map_err(|source| WeightsError::Read { path: path.to_owned(), source })?;
    from_bytes(model, &bytes, device)
}

/// Names, types and shapes of the tensors of `model`, in order of name.
pub(crate) fn layout<M: Module>(model: &M) -> BTreeMap<String, (DType, Vec<usize>)> {
    let tensors = model.collect(None, None, false);
    tensors.into_iter().map(|t| (t.name.clone(), (t.dtype, t.shape.to_vec()))).collect()
}

fn check<M: Module>(model: &M, store: &mut SafetensorsStore) -> Result<(), WeightsError> {
    let expected = layout(model);
    let found = store.get_all_tensors()?;
    if let Some(tensor) = expected.keys().find(|name| !found.contains_key(*name)) {
        return Err(WeightsError::Missing { tensor: tensor.clone() });
    }
    if let Some(tensor) = found.keys().find(|name| !expected.contains_key(*name)) {
        return Err(WeightsError::Unexpected { tensor: tensor.clone() });
    }
    for (name, (dtype, shape)) in expected {
        let tensor = &found[&name];
        if tensor.shape[..] != shape[..] {
            return Err(WeightsError::Shape {
                tensor: name,
                expected: shape,
                found: tensor.shape.to_vec(),
            });
        }
        // How a device stores booleans is its own affair; burn-store converts them.
        let boolean = matches!(dtype, DType::Bool(_));
        if !boolean && tensor.dtype != dtype {
            return Err(WeightsError::Dtype {
                tensor: name,
                expected: dtype.name().to_owned(),
                found: tensor.dtype.name().to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::{FloatDType, Tensor};

    #[derive(Module, Debug)]
    struct Inner {
        weight: Param<Tensor<2>>,
    }

    #[derive(Module, Debug)]
    struct Net {
        layers: Vec<Inner>,
        bias: Param<Tensor<1>>,
    }

    #[derive(Module, Debug)]
    struct Bare {
        bias: Param<Tensor<1>>,
    }

    fn cpu() -> Device {
        crate::device::open("ndarray").unwrap()
    }

    fn net(offset: f32, columns: usize) -> Net {
        let device = cpu();
        let weight = |k: f32| Inner {
            weight: Param::from_tensor(
                Tensor::<1>::from_data(
                    (0..2 * columns).map(|i| offset + k + i as f32).collect::<Vec<_>>().as_slice(),
                    &device,
                )
                .reshape([2, columns]),
            ),
        };
        Net {
            layers: vec![weight(0.0), weight(100.0)],
            bias: Param::from_data([offset, -offset, f32::MIN_POSITIVE], &device),
        }
    }

    fn message(result: Result<Net, WeightsError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_round_trip_keeps_every_bit_and_the_training_state() {
        let bytes = to_bytes(&net(0.1, 3)).unwrap();
        let loaded = from_bytes(net(7.0, 3), &bytes, &cpu()).unwrap();
        // Oracle: the bytes of the source.
        assert_eq!(bytes, to_bytes(&loaded).unwrap());
        assert!(loaded.train().bias.is_require_grad(), "a loaded parameter still trains");
    }

    #[test]
    fn equal_weights_give_equal_bytes() {
        // Oracle: the promise itself, against the random order of hash maps.
        let first = to_bytes(&net(0.1, 3)).unwrap();
        for _ in 0..16 {
            assert_eq!(first, to_bytes(&net(0.1, 3)).unwrap());
        }
    }

    #[test]
    fn another_shape_names_the_tensor_and_both_shapes() {
        let bytes = to_bytes(&net(0.1, 3)).unwrap();
        assert_eq!(
            message(from_bytes(net(0.1, 4), &bytes, &cpu())),
            "tensor \"layers.0.weight\" has shape [2, 3], the model needs [2, 4]"
        );
    }

    #[test]
    fn another_type_names_the_tensor_and_both_types() {
        let bytes = to_bytes(&net(0.1, 3)).unwrap();
        let mut wide = net(0.1, 3);
        wide.bias = Param::from_tensor(wide.bias.val().cast(FloatDType::F64));
        assert_eq!(
            message(from_bytes(wide, &bytes, &cpu())),
            "tensor \"bias\" has type f32, the model needs f64"
        );
    }

    #[test]
    fn missing_and_unexpected_tensors_are_named() {
        let bare = Bare { bias: Param::from_data([1.0f32, 2.0, 3.0], &cpu()) };
        let few = to_bytes(&bare).unwrap();
        let many = to_bytes(&net(0.1, 3)).unwrap();
        assert_eq!(
            message(from_bytes(net(0.1, 3), &few, &cpu())),
            "weights have no tensor \"layers.0.weight\""
        );
        assert_eq!(
            from_bytes(bare, &many, &cpu()).unwrap_err().to_string(),
            "weights have a tensor \"layers.0.weight\" that the model does not have"
        );
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = to_bytes(&net(0.1, 3)).unwrap();
        for length in 0..bytes.len() {
            let error = from_bytes(net(0.1, 3), &bytes[..length], &cpu()).unwrap_err();
            assert!(matches!(error, WeightsError::Length { .. }), "{length}: {error}");
        }
        let noise = [0x5a; 256];
        assert!(from_bytes(net(0.1, 3), &noise, &cpu()).is_err(), "noise is refused");
    }

    #[test]
    fn a_file_round_trips_and_a_missing_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("weights.safetensors");
        let missing = load(net(0.1, 3), &path, &cpu()).unwrap_err().to_string();
        assert!(missing.contains("weights.safetensors"), "{missing}");
        save(&net(0.1, 3), &path).unwrap();
        save(&net(0.5, 3), &path).unwrap();
        let loaded = load(net(0.0, 3), &path, &cpu()).unwrap();
        assert_eq!(to_bytes(&loaded).unwrap(), to_bytes(&net(0.5, 3)).unwrap());
    }
}
