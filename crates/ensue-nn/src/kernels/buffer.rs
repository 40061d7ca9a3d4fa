//! Cache-line aligned scratch memory that is kept between steps.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{Mutex, Once, PoisonError};

use super::lanes::Element;

/// Elements of one line: 64 bytes of `f32`, 128 of `f64`.
const LINE: usize = 16;

/// One cache line; 64-byte aligned.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line<E>([E; LINE]);

/// A 64-byte aligned slice of `len` elements.
pub(super) struct Buffer<E: Element> {
    /// May be more than asked for; taken out when dropped.
    lines: ManuallyDrop<Lines<E>>,
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
        Self { lines: ManuallyDrop::new(take(len.div_ceil(LINE))), len }
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
        // SAFETY: this is the last use of the field.
        let lines = unsafe { ManuallyDrop::take(&mut self.lines) };
        let mut pool = E::pool().lock().unwrap_or_else(PoisonError::into_inner);
        if lines.count > 0 && pool.len() < KEEP {
            pool.push(lines);
        }
    }
}

impl<E: Element> Deref for Buffer<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        // SAFETY: `Line` is `repr(C)` around `[E; LINE]`, so `lines` is `lines.count * LINE`
        // contiguous initialised elements (f32: 64 bytes = one line; f64: 128 bytes, a multiple of
        // the alignment, no padding), and `len` never exceeds that.
        unsafe { std::slice::from_raw_parts(self.lines.at.as_ptr().cast::<E>(), self.len) }
    }
}

impl<E: Element> DerefMut for Buffer<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        // SAFETY: as in `deref`; the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.at.as_ptr().cast::<E>(), self.len) }
    }
}

/// Allocations waiting for their next use. A training step asks for the same sizes again and
/// again, and fresh zeroed pages cost more than a third of a small step.
pub(crate) type Pool<E> = Mutex<Vec<Lines<E>>>;

/// Allocations kept at most; beyond that they are freed.
const KEEP: usize = 64;

/// Takes the smallest kept allocation that fits, but none more than four times too large.
fn take<E: Element>(lines: usize) -> Lines<E> {
    let mut pool = E::pool().lock().unwrap_or_else(PoisonError::into_inner);
    let best = pool
        .iter()
        .enumerate()
        .filter(|(_, p)| p.count >= lines && p.count / 4 <= lines)
        .min_by_key(|(_, p)| p.count)
        .map(|(i, _)| i);
    let kept = best.map(|i| pool.swap_remove(i));
    drop(pool);
    kept.unwrap_or_else(|| Lines::new(lines))
}

/// Initialised cache lines on the heap.
pub(crate) struct Lines<E: Element> {
    at: NonNull<Line<E>>,
    count: usize,
}

// SAFETY: it owns its memory, as a `Vec` does.
unsafe impl<E: Element> Send for Lines<E> {}
// SAFETY: as above.
unsafe impl<E: Element> Sync for Lines<E> {}

/// From this many bytes on, an allocation asks for huge pages.
const LARGE: usize = 1 << 20;
/// Size of a huge page.
const HUGE: usize = 2 << 20;

impl<E: Element> Lines<E> {
    fn new(count: usize) -> Self {
        keep_freed_memory();
        let bytes = count * size_of::<Line<E>>();
        let count = if bytes >= LARGE {
            bytes.next_multiple_of(HUGE) / size_of::<Line<E>>()
        } else {
            count
        };
        if count == 0 {
            return Self { at: NonNull::dangling(), count };
        }
        let layout = Self::layout(count);
        // SAFETY: the layout is not empty; the memory is given back in `drop` with the same layout,
        // and all `count` lines are written here.
        unsafe {
            let Some(at) = NonNull::new(alloc(layout).cast::<Line<E>>()) else {
                handle_alloc_error(layout)
            };
            prefer_huge_pages(at.as_ptr().cast(), layout);
            for i in 0..count {
                at.as_ptr().add(i).write(Line([E::ZERO; LINE]));
            }
            Self { at, count }
        }
    }

    fn layout(count: usize) -> Layout {
        let lines = Layout::array::<Line<E>>(count).expect("fits the address space");
        let align = if lines.size() >= LARGE { HUGE } else { lines.align() };
        lines.align_to(align).expect("fits the address space")
    }
}

impl<E: Element> Drop for Lines<E> {
    fn drop(&mut self) {
        if self.count > 0 {
            // SAFETY: allocated in `new` with this layout; lines need no drop.
            unsafe { dealloc(self.at.as_ptr().cast(), Self::layout(self.count)) };
        }
    }
}

/// Keeps the C library from giving freed memory back to the system at every step.
///
/// The results of a sweep are vectors of their owner, megabytes at a time. The GNU allocator maps
/// such blocks one by one, so that each step would wait for fresh zeroed pages (a third of its
/// time); but it handles blocks up to the size of the largest mapped one it has seen freed, at most
/// 32 MiB, by its own lists, and keeps twice as much before it trims them. So it is shown one. To
/// other allocators this means nothing, and the pages are never touched.
fn keep_freed_memory() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(std::hint::black_box(Vec::<u8>::with_capacity(31 << 20))));
}

/// Asks the system to back a large allocation by huge pages: a sweep walks through tens of
/// megabytes at once, more than the tables of small pages hold.
fn prefer_huge_pages(at: *mut u8, layout: Layout) {
    #[cfg(target_os = "linux")]
    if layout.align() == HUGE {
        unsafe extern "C" {
            fn madvise(at: *mut std::ffi::c_void, len: usize, advice: i32) -> i32;
        }
        const MADV_HUGEPAGE: i32 = 14;
        // SAFETY: the range is one allocation of ours; the advice does not change its contents. A
        // refusal leaves small pages.
        unsafe { madvise(at.cast(), layout.size(), MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (at, layout);
}
