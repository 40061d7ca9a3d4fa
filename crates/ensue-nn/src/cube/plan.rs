//! How a sweep is laid out on a device: from its limits, on the host.

use cubecl::client::Client;

/// Beyond this many hidden units one cube would read too many weights per step: a product spread
/// over the whole device is quicker than one launch.
const MAX_HIDDEN: usize = 512;
/// More units in a cube have nothing to gain: a unit can own several hidden units.
const MAX_UNITS: usize = 256;
/// Numbers of a state's gradient per hidden unit.
const QUAD: usize = 4;

/// What of a device's limits matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Bytes of shared memory per cube.
    pub(super) shared: usize,
    /// Units per cube.
    pub(super) units: usize,
    /// Cubes along the first axis.
    pub(super) cubes: usize,
    /// Units that run in lockstep. CPUs that pose as GPUs have few; they want few, heavy cubes.
    pub(super) plane: usize,
}

impl Limits {
    pub(super) fn of(client: &Client) -> Self {
        let hardware = &client.properties().hardware;
        Self {
            shared: hardware.max_shared_memory_size,
            units: hardware.max_units_per_cube.min(hardware.max_cube_dim.0) as usize,
            cubes: hardware.max_cube_count.0 as usize,
            plane: hardware.plane_size_max as usize,
        }
    }

    fn is_gpu(&self) -> bool {
        self.plane >= 16
    }
}

/// How the time loop runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// In one launch.
    Sweep {
        /// Rows of the batch per cube: 1, 2 or 4.
        rows: usize,
        /// Units per cube.
        units: usize,
        /// Buffers of the state forward.
        forward_buffers: usize,
        /// Buffers of the gradients backward.
        backward_buffers: usize,
    },
    /// Two launches per time step.
    Steps,
}

/// The path for a layer of `hidden` units over `batch` rows, of elements of `size` bytes.
pub(super) fn choose(limits: &Limits, batch: usize, hidden: usize, size: usize) -> Path {
    if hidden > MAX_HIDDEN {
        return Path::Steps;
    }
    // Enough cubes to keep a GPU busy come before rows that share a load of the weights.
    let wanted = if limits.is_gpu() { 32 } else { 2 };
    let bytes = |rows: usize, numbers: usize| rows * hidden * numbers * size;
    let fits =
        |rows: &usize| bytes(*rows, QUAD) <= limits.shared && batch.div_ceil(*rows) <= limits.cubes;
    let busy = |rows: &usize| *rows == 1 || batch.div_ceil(*rows) >= wanted;
    let Some(rows) = [4, 2, 1].into_iter().filter(fits).find(busy) else { return Path::Steps };
    let cap = limits.units.min(MAX_UNITS);
    // On a GPU every hidden unit wants a unit of its own; a CPU gains from loads shared by several.
    let least = if limits.is_gpu() { 1 } else { 4 };
    let slots = hidden.div_ceil(cap).max(least);
    let buffers = |numbers| if bytes(rows, 2 * numbers) <= limits.shared { 2 } else { 1 };
    Path::Sweep {
        rows,
        units: hidden.div_ceil(slots),
        forward_buffers: buffers(1),
        backward_buffers: buffers(QUAD),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // lavapipe, and the least that WebGPU promises on a GPU.
    const SOFTWARE: Limits = Limits { shared: 32_768, units: 1024, cubes: 65_535, plane: 8 };
    const LEAST: Limits = Limits { shared: 16_384, units: 256, cubes: 65_535, plane: 32 };

    fn sweep(limits: &Limits, batch: usize, hidden: usize) -> (usize, usize, usize, usize) {
        match choose(limits, batch, hidden, 4) {
            Path::Sweep { rows, units, forward_buffers, backward_buffers } => {
                (rows, units, forward_buffers, backward_buffers)
            }
            Path::Steps => panic!("steps for {batch} x {hidden}"),
        }
    }

    // Oracle: 4 bytes * rows * hidden * (1 forward, 4 backward) * buffers against the limit, by hand.
    #[test]
    fn buffers_halve_before_rows_do() {
        assert_eq!(sweep(&SOFTWARE, 32, 40), (4, 10, 2, 2));
        assert_eq!(sweep(&SOFTWARE, 64, 256), (4, 64, 2, 2), "exactly 32768 bytes");
        assert_eq!(sweep(&SOFTWARE, 64, 257).3, 1, "41120 bytes in two buffers, 16448 in one");
        assert_eq!(sweep(&LEAST, 1024, 256), (4, 256, 2, 1), "exactly 16384 bytes in one buffer");
        assert_eq!(sweep(&LEAST, 1024, 257).0, 2, "16448 bytes in one buffer of 4 rows");
    }

    // Oracle: every unit owns the same number of hidden units, the last ones fewer.
    #[test]
    fn units_split_the_hidden_units_evenly() {
        assert_eq!(sweep(&SOFTWARE, 64, 300).1, 75);
        assert_eq!(sweep(&SOFTWARE, 64, 5).1, 2, "up to four each on a CPU");
        assert_eq!(sweep(&SOFTWARE, 64, 1).1, 1);
        assert_eq!(sweep(&LEAST, 64, 5).1, 5, "one each on a GPU");
        assert_eq!(sweep(&LEAST, 4, 512).1, 256);
        let few = Limits { units: 64, ..LEAST };
        assert_eq!(sweep(&few, 4, 130).1, 44, "three each, 44 * 3 >= 130");
    }

    // Oracle: the comment at `wanted`.
    #[test]
    fn a_small_batch_on_a_gpu_spreads_over_more_cubes() {
        assert_eq!(sweep(&LEAST, 16, 40).0, 1);
        assert_eq!(sweep(&LEAST, 64, 40).0, 2);
        assert_eq!(sweep(&LEAST, 128, 40).0, 4);
        assert_eq!(sweep(&SOFTWARE, 5, 40).0, 4);
        assert_eq!(sweep(&SOFTWARE, 1, 40).0, 1);
    }

    // Oracle: the three reasons in `choose`.
    #[test]
    fn what_does_not_fit_goes_step_by_step() {
        assert_eq!(choose(&SOFTWARE, 4, 513, 4), Path::Steps, "too many weights");
        let small = Limits { shared: 1024, ..SOFTWARE };
        assert_eq!(choose(&small, 1, 65, 4), Path::Steps, "1040 bytes of state");
        assert_eq!(choose(&SOFTWARE, 65_535 * 4 + 1, 40, 4), Path::Steps, "too many cubes");
    }
}
