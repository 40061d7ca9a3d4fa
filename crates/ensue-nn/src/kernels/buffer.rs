//! Cache-line aligned scratch memory that is kept between steps.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use super::lanes::Element;

/// Elements of one line: 64 bytes of `f32`, 128 of `f64`.
const LINE: usize = 16;

/// One cache line; makes `Vec` allocate on 64-byte boundaries.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line<E>([E; LINE]);

/// A 64-byte aligned slice of `len` elements.
pub(super) struct Buffer<E: Element> {
    /// May be longer than asked for.
    lines: Vec<Line<E>>,
    len: usize,
}

impl<E: Element> Buffer<E> {
    /// A buffer of `len` elements, all zero.
    pub(super) fn zeroed(len: usize) -> Self {
        let mut buffer = Self::scratch(len);
        buffer.fill(E::ZERO);
        buffer
    }

    /// A buffer of `len` elements whose contents are arbitrary (zero or left over from an earlier
    /// use), for callers that write everything before they read it.
    pub(super) fn scratch(len: usize) -> Self {
        let lines = take(len.div_ceil(LINE));
        Self { lines, len }
    }
}

impl<E: Element> std::fmt::Debug for Buffer<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buffer").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<E: Element> Clone for Buffer<E> {
    fn clone(&self) -> Self {
        let mut copy = Self::scratch(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl<E: Element> Drop for Buffer<E> {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let mut pool = E::pool().lock().unwrap_or_else(PoisonError::into_inner);
        if lines.capacity() > 0 && pool.len() < KEEP {
            pool.push(lines);
        }
    }
}

impl<E: Element> Deref for Buffer<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        // SAFETY: `Line` is `repr(C)` around `[E; LINE]`, so `lines` is `lines.len() * LINE`
        // contiguous initialised elements (f32: 64 bytes = one line; f64: 128 bytes, a multiple of
        // the alignment, no padding), and `len` never exceeds that.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast::<E>(), self.len) }
    }
}

impl<E: Element> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        // SAFETY: as in `deref`; the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast::<E>(), self.len) }
    }
}

/// Allocations waiting for their next use. A training step asks for the same sizes again and
/// again, and fresh zeroed pages cost 10 to 15 % of a small step.
pub(crate) type Pool<E> = Mutex<Vec<Vec<Line<E>>>>;

/// Allocations kept at most; beyond that they are freed.
const KEEP: usize = 64;

/// Takes the smallest kept allocation that fits, but none more than four times too large.
fn take<E: Element>(lines: usize) -> Vec<Line<E>> {
    let mut pool = E::pool().lock().unwrap_or_else(PoisonError::into_inner);
    let best = pool
        .iter()
        .enumerate()
        .filter(|(_, p)| p.len() >= lines && p.len() / 4 <= lines)
        .min_by_key(|(_, p)| p.len())
        .map(|(i, _)| i);
    best.map_or_else(|| vec![Line([E::ZERO; LINE]); lines], |i| pool.swap_remove(i))
}
