//! How many threads a sweep is split over.

use std::sync::atomic::{AtomicUsize, Ordering};

static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets the number of threads that one fused operation is split over, for the whole process.
/// 0 (the start value) means one per core. Results are bit-stable for a fixed number.
pub fn set_threads(n: usize) {
    THREADS.store(n, Ordering::Relaxed);
}

/// The number of threads that one fused operation is split over.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    }
}

/// Cuts `0..n` into at most [`threads`] runs of at least `grain`, and maps each in parallel. The
/// results come back in order, so sums over them do not depend on which thread was faster.
pub(crate) fn split<T: Send>(
    n: usize,
    grain: usize,
    f: impl Fn(usize, std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let wanted = if super::isa::forced() { 1 } else { threads() };
    let parts = wanted.min(n / grain.max(1)).max(1);
    if parts == 1 {
        return vec![f(0, 0..n)];
    }
    let part = |p: usize| f(p, n * p / parts..n * (p + 1) / parts);
    let part = &part;
    let mut rest: Vec<Option<T>> = (1..parts).map(|_| None).collect();
    let mut done = Vec::with_capacity(parts);
    // The calling thread takes the first part: its caches still hold what it did before, and only
    // the others have to be woken.
    rayon::in_place_scope(|scope| {
        for (slot, p) in rest.iter_mut().zip(1..) {
            scope.spawn(move |_| *slot = Some(part(p)));
        }
        done.push(part(0));
    });
    done.extend(rest.into_iter().flatten());
    done
}
