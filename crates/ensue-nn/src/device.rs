//! Devices by name: the one place that says which backends exist.
//!
//! | name | feature | what it is |
//! |---|---|---|
//! | `ndarray` | `ndarray` (default) | the CPU |
//! | `wgpu` | `wgpu` | the best adapter of Vulkan, Metal or DirectX 12; software adapters count |
//! | `wgpu:N` | `wgpu` | the N-th adapter of this machine, counted from 0 |
//!
//! Another CPU backend is one arm in [`open`] and one line in [`available`].

use burn::backend::DispatchDevice;
use burn::tensor::Device;

/// Why a device could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No backend goes by this name.
    #[error("no device is named {name:?}; this build has: {}", list(available))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names this build knows.
        available: Vec<&'static str>,
    },
    /// The backend exists, but was not compiled in.
    #[error(
        "device {name:?} is not in this build (cargo feature `{feature}` is off); this build has: {}",
        list(available)
    )]
    NotInBuild {
        /// The name that was asked for.
        name: String,
        /// The cargo feature that brings it.
        feature: &'static str,
        /// The names this build knows.
        available: Vec<&'static str>,
    },
    /// The backend is compiled in, but this machine has no adapter it can use.
    #[error("device {name:?} cannot be opened: {reason}; this build has: {}", list(available))]
    Unusable {
        /// The name that was asked for.
        name: String,
        /// What the graphics API answered.
        reason: String,
        /// The names this build knows.
        available: Vec<&'static str>,
    },
    /// The part after the colon is not the number of an adapter.
    #[error("device {name:?}: {index:?} is not an adapter number from 0 to {}", count.saturating_sub(1))]
    BadIndex {
        /// The name that was asked for.
        name: String,
        /// The part after the colon.
        index: String,
        /// How many adapters this machine has.
        count: usize,
    },
}

/// The names that [`open`] accepts in this build, best-supported first.
///
/// A name is listed when its backend is compiled in; whether the machine has a usable adapter is
/// only known after [`open`].
#[must_use]
pub fn available() -> Vec<&'static str> {
    let mut names = Vec::new();
    if cfg!(feature = "ndarray") {
        names.push("ndarray");
    }
    if cfg!(feature = "wgpu") {
        names.push("wgpu");
    }
    names
}

/// Opens a device by name, without autodiff (the trainer adds it).
///
/// Opening a wgpu device acquires the adapter at once, so a machine without one gives an error
/// here and not a panic at the first tensor. Opening the same name again gives the same device.
///
/// # Errors
///
/// [`DeviceError`] when the name is unknown, its backend is not in this build, or this machine has
/// no usable adapter. Every message but [`DeviceError::BadIndex`] lists what this build has.
///
/// ```
/// let device = ensue_nn::device::open("ndarray")?;
/// let error = ensue_nn::device::open("abacus").unwrap_err();
/// assert!(error.to_string().contains("this build has: ndarray"));
/// # let _ = device;
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
pub fn open(name: &str) -> Result<Device, DeviceError> {
    match name.split_once(':').unwrap_or((name, "")) {
        ("ndarray", "") if !name.ends_with(':') => ndarray(name),
        ("wgpu", _) if name == "wgpu" => wgpu(name, None),
        ("wgpu", index) => wgpu(name, Some(index)),
        _ => Err(DeviceError::Unknown { name: name.to_owned(), available: available() }),
    }
}

/// Whether `device` is the CPU backend ndarray, with or without autodiff.
#[must_use]
pub fn is_ndarray(device: &Device) -> bool {
    #[cfg(feature = "ndarray")]
    {
        let plain = device.clone().without_autodiff();
        matches!(plain.as_dispatch(), DispatchDevice::NdArray(_))
    }
    #[cfg(not(feature = "ndarray"))]
    {
        let _: &DispatchDevice = device.as_dispatch();
        false
    }
}

/// Whether `device` is a wgpu adapter, with or without autodiff.
#[must_use]
pub fn is_wgpu(device: &Device) -> bool {
    #[cfg(feature = "wgpu")]
    {
        use burn::backend::CubeDevice;
        let plain = device.clone().without_autodiff();
        matches!(plain.as_dispatch(), DispatchDevice::Cube(CubeDevice::Wgpu(_)))
    }
    #[cfg(not(feature = "wgpu"))]
    {
        let _: &DispatchDevice = device.as_dispatch();
        false
    }
}

#[cfg(feature = "ndarray")]
#[expect(clippy::unnecessary_wraps, reason = "the build without the feature fails here")]
fn ndarray(_name: &str) -> Result<Device, DeviceError> {
    #[expect(
        deprecated,
        reason = "burn prefers its newer CPU backend; ndarray is the one asked for, and pinned"
    )]
    let device = Device::ndarray();
    Ok(device)
}

#[cfg(not(feature = "ndarray"))]
fn ndarray(name: &str) -> Result<Device, DeviceError> {
    Err(not_in_build(name, "ndarray"))
}

#[cfg(feature = "wgpu")]
fn wgpu(name: &str, index: Option<&str>) -> Result<Device, DeviceError> {
    use burn::backend::{CubeDevice, WgpuDeviceKind};
    use burn::tensor::wgpu::WgpuInitError;
    use burn::tensor::{DeviceKind, DeviceType};

    let kind = match index {
        None => DeviceKind::DefaultDevice,
        Some(index) => {
            let adapters = Device::enumerate(DeviceType::Wgpu).into_vec();
            let chosen = index.parse::<usize>().ok().and_then(|n| adapters.get(n));
            let Some(chosen) = chosen else {
                return Err(DeviceError::BadIndex {
                    name: name.to_owned(),
                    index: index.to_owned(),
                    count: adapters.len(),
                });
            };
            let DispatchDevice::Cube(CubeDevice::Wgpu(wgpu)) = chosen.as_dispatch() else {
                return Ok(chosen.clone());
            };
            match wgpu.kind {
                WgpuDeviceKind::DiscreteGpu(n) => DeviceKind::DiscreteGpu(n),
                WgpuDeviceKind::IntegratedGpu(n) => DeviceKind::IntegratedGpu(n),
                WgpuDeviceKind::VirtualGpu(n) => DeviceKind::VirtualGpu(n),
                WgpuDeviceKind::Cpu => DeviceKind::Cpu,
                // burn has no selector for these; the adapter exists, so first use opens it.
                _ => return Ok(chosen.clone()),
            }
        }
    };
    match Device::wgpu_options().device_kind(kind.clone()).init() {
        Ok(device) => Ok(device),
        // The adapter was acquired, but a runtime already serves it: opened before.
        Err(WgpuInitError::Registration { .. }) => Ok(Device::wgpu(kind)),
        Err(error) => Err(DeviceError::Unusable {
            name: name.to_owned(),
            reason: error.to_string(),
            available: available(),
        }),
    }
}

#[cfg(not(feature = "wgpu"))]
fn wgpu(name: &str, _index: Option<&str>) -> Result<Device, DeviceError> {
    Err(not_in_build(name, "wgpu"))
}

#[cfg(not(all(feature = "ndarray", feature = "wgpu")))]
fn not_in_build(name: &str, feature: &'static str) -> DeviceError {
    DeviceError::NotInBuild { name: name.to_owned(), feature, available: available() }
}

fn list(names: &[&'static str]) -> String {
    if names.is_empty() {
        "none (enable the cargo feature `ndarray` or `wgpu`)".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle for every test here: the table at the top of this file.

    #[cfg(feature = "ndarray")]
    #[test]
    fn ndarray_opens_and_is_recognised_with_and_without_autodiff() {
        let device = open("ndarray").unwrap();
        assert!(is_ndarray(&device), "plain");
        assert!(!device.is_autodiff(), "open gives a plain device");
        assert!(is_ndarray(&device.autodiff()), "autodiff");
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_this_build() {
        for name in ["", "NDARRAY", "cuda", "ndarray:0", "ndarray:", "wgpux"] {
            let message = open(name).unwrap_err().to_string();
            assert!(message.starts_with(&format!("no device is named {name:?}")), "{message}");
            for known in available() {
                assert!(message.contains(known), "{message} lacks {known}");
            }
        }
    }

    #[cfg(not(feature = "wgpu"))]
    #[test]
    fn a_backend_left_out_of_the_build_names_its_feature() {
        let message = open("wgpu").unwrap_err().to_string();
        assert_eq!(
            message,
            "device \"wgpu\" is not in this build (cargo feature `wgpu` is off); \
             this build has: ndarray"
        );
    }

    #[cfg(feature = "wgpu")]
    #[test]
    fn wgpu_opens_twice_or_says_that_no_adapter_exists() {
        match open("wgpu") {
            Ok(first) => {
                assert_eq!(first, open("wgpu").unwrap(), "the same name is the same device");
                assert!(!is_ndarray(&first), "wgpu is not ndarray");
            }
            Err(error) => assert!(matches!(error, DeviceError::Unusable { .. }), "{error}"),
        }
    }

    #[cfg(feature = "wgpu")]
    #[test]
    fn an_adapter_number_out_of_range_is_refused() {
        for name in ["wgpu:", "wgpu:x", "wgpu:4096"] {
            let error = open(name).unwrap_err();
            assert!(matches!(error, DeviceError::BadIndex { .. }), "{error}");
        }
    }
}
