//! Which instruction set the kernels use, decided once per process and overridable in tests.

use std::cell::Cell;
use std::sync::OnceLock;

/// Instruction set of the CPU kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, whatever the compile target offers (NEON on aarch64, SSE2 on x86-64).
    Portable,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// 512-bit vectors: AVX-512 F, DQ and VL.
    Avx512,
}

thread_local! {
    static FORCED: Cell<Option<Isa>> = const { Cell::new(None) };
}

fn detect() -> Isa {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma")
        {
            return Isa::Avx512;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Isa::Avx2;
        }
    }
    Isa::Portable
}

/// The instruction set in use: the widest this machine has.
pub fn isa() -> Isa {
    static DETECTED: OnceLock<Isa> = OnceLock::new();
    FORCED.get().unwrap_or_else(|| *DETECTED.get_or_init(detect))
}

/// Every instruction set that can run here, narrowest first.
pub fn available_isas() -> Vec<Isa> {
    let best = detect();
    [Isa::Portable, Isa::Avx2, Isa::Avx512].into_iter().filter(|&i| i <= best).collect()
}

/// Runs `f` on this thread with kernels limited to `wanted`; an instruction set that the machine
/// lacks is replaced by the widest it has. For tests and benches; other threads are not affected,
/// so it implies one thread.
pub fn with_isa<T>(wanted: Isa, f: impl FnOnce() -> T) -> T {
    struct Restore(Option<Isa>);
    impl Drop for Restore {
        fn drop(&mut self) {
            FORCED.set(self.0);
        }
    }
    let _restore = Restore(FORCED.replace(Some(wanted.min(detect()))));
    f()
}

/// Whether [`with_isa`] is active on this thread.
pub(super) fn forced() -> bool {
    FORCED.get().is_some()
}
