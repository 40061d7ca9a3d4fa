//! How many kernels a piece of work launches on wgpu.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cubecl::logging::{LaunchObservation, LaunchObserver};

#[derive(Default)]
struct Counter(AtomicUsize);

impl LaunchObserver for Counter {
    fn launched(&self, _: &'static str) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs `work` and counts the kernels that the whole process launches meanwhile.
///
/// A launch is what a GPU program made of small operations pays for; a training step of this crate
/// makes a few dozen whatever the length of the sequences.
///
/// ```
/// use burn::tensor::Tensor;
///
/// let device = ensue_nn::device::open("wgpu")?;
/// let x = Tensor::<1>::from_data([1.0f32, 2.0], &device);
/// let (_, launches) = ensue_nn::launches::count(|| x.exp());
/// assert_eq!(launches, 1);
/// # Ok::<(), ensue_nn::device::DeviceError>(())
/// ```
pub fn count<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let counter = Arc::new(Counter::default());
    let observation = LaunchObservation::new(counter.clone());
    let result = work();
    drop(observation);
    let launches = counter.0.load(Ordering::Relaxed);
    (result, launches)
}
