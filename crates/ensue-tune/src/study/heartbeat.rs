//! Who renews the leases of a run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Study, StudyError, Ticket};

/// The trials that are at work in a run, and a thread that keeps their leases.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: Vec<Held>,
    ended: bool,
}

#[derive(Debug, Clone)]
struct Held {
    ticket: Ticket,
    lost: Arc<AtomicBool>,
}

impl Heartbeat {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a trial is at work here.
    pub(super) fn holds(&self, number: u64) -> bool {
        self.lock().held.iter().any(|held| held.ticket.number == number)
    }

    /// Keeps a trial from now on. The flag goes up when somebody took it over.
    pub(super) fn hold(&self, ticket: &Ticket) -> Arc<AtomicBool> {
        let lost = Arc::new(AtomicBool::new(false));
        self.lock().held.push(Held { ticket: ticket.clone(), lost: Arc::clone(&lost) });
        lost
    }

    /// Keeps a trial no longer.
    pub(super) fn drop(&self, number: u64) {
        self.lock().held.retain(|held| held.ticket.number != number);
    }

    /// Ends the thread.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.ended.notify_all();
    }

    /// Renews all leases three times a lease, until the end.
    pub(super) fn beat(&self, study: &Study, failed: impl Fn(StudyError)) {
        let pause = study.settings.lease / 3;
        loop {
            let waited = self.ended.wait_timeout_while(self.lock(), pause, |state| !state.ended);
            let state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.ended {
                return;
            }
            let held = state.held.clone();
            drop(state);
            for Held { ticket, lost } in held {
                match study.renew(&ticket) {
                    Ok(()) => {}
                    // Also a trial that has just ended here; then nobody looks at the flag any more.
                    Err(StudyError::Superseded { .. }) => lost.store(true, Ordering::Relaxed),
                    Err(error) => failed(error),
                }
            }
        }
    }
}
