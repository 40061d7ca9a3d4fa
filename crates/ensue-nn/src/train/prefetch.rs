//! Batches made ahead on one other thread, through a bounded queue.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// The receiving end. Dropping it ends the thread after the batch it is making.
pub(super) struct Batches<B> {
    queue: Receiver<Result<B, String>>,
}

impl<B> Batches<B> {
    /// The next batch; `None` after the last; an error with the message when making it panicked.
    pub(super) fn next(&mut self) -> Option<Result<B, String>> {
        self.queue.recv().ok()
    }
}

/// Runs `body` while another thread makes the batches of `source`, at most `ahead` of them waiting.
///
/// The thread has ended when this returns, however `body` ends. An error means that the system gave
/// no thread.
pub(super) fn prefetched<'a, B, I, R>(
    source: impl FnOnce() -> I + Send,
    ahead: NonZeroUsize,
    body: impl FnOnce(Batches<B>) -> R,
) -> std::io::Result<R>
where
    B: Send,
    I: Iterator<Item = B> + 'a,
{
    thread::scope(|scope| {
        let (sender, queue) = sync_channel(ahead.get());
        thread::Builder::new().name("ensue-prefetch".to_owned()).spawn_scoped(
            scope,
            move || {
                let made = catch_unwind(AssertUnwindSafe(|| {
                    for batch in source() {
                        // The receiver is gone when training has stopped: no more batches are needed.
                        if sender.send(Ok(batch)).is_err() {
                            break;
                        }
                    }
                }));
                if let Err(panic) = made {
                    // Nobody is left to be told when this fails.
                    let _gone = sender.send(Err(message(panic.as_ref())));
                }
            },
        )?;
        Ok(body(Batches { queue }))
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    fn drain<B>(mut batches: Batches<B>) -> Vec<Result<B, String>> {
        std::iter::from_fn(|| batches.next()).collect()
    }

    #[test]
    fn batches_arrive_in_order_and_end() {
        // Oracle: the source.
        let got = prefetched(|| 0..100, TWO, drain).unwrap();
        assert_eq!(got, (0..100).map(Ok).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_in_the_source_arrives_as_its_message_after_the_batches_before_it() {
        // Oracle: the panic below.
        let source = || (0..3).inspect(|i| assert!(*i < 2, "row {i} is broken"));
        let got = prefetched(source, TWO, drain).unwrap();
        assert_eq!(got, [Ok(0), Ok(1), Err("row 2 is broken".to_owned())]);
        let got = prefetched(|| -> std::ops::Range<u8> { panic!("at once") }, TWO, drain).unwrap();
        assert_eq!(got, [Err("at once".to_owned())]);
    }

    #[test]
    fn stopping_early_ends_the_thread_and_bounds_the_work() {
        // Oracle: one batch taken, two waiting, one refused at the door, at most.
        let alive = Arc::new(());
        let made = AtomicUsize::new(0);
        let held = Arc::clone(&alive);
        let count = || made.fetch_add(1, Ordering::SeqCst);
        let source = move || std::iter::repeat_with(move || (Arc::strong_count(&held), count()));
        prefetched(source, TWO, |mut batches| batches.next().unwrap().unwrap()).unwrap();
        assert_eq!(Arc::strong_count(&alive), 1, "the source is gone, so its thread is");
        assert!(made.load(Ordering::SeqCst) <= 4, "{made:?}");
    }
}
