//! Losses on their way from the device: summed in f64, checked, reported.

use std::collections::VecDeque;

use burn::tensor::Tensor;

use super::TrainError;

/// Steps read at once on a device that computes asynchronously.
const LATE: usize = 16;

/// One step's loss, read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) step: usize,
    pub(super) loss: f64,
}

struct Pending {
    step: usize,
    learning_rate: f64,
    events: usize,
    value: Tensor<1>,
}

/// The losses of one epoch.
pub(super) struct Losses {
    epoch: usize,
    /// Losses that may wait before some are read; 0 reads each at once.
    slack: usize,
    pending: VecDeque<Pending>,
    weighted: f64,
    events: usize,
}

impl Losses {
    pub(super) fn new(epoch: usize, at_once: bool) -> Self {
        let slack = if at_once { 0 } else { 2 * LATE };
        Self { epoch, slack, pending: VecDeque::new(), weighted: 0.0, events: 0 }
    }

    /// Takes a step's loss and gives those that were read, in order of their steps.
    pub(super) fn push(
        &mut self,
        step: usize,
        learning_rate: f64,
        events: usize,
        value: Tensor<1>,
    ) -> Result<Vec<Read>, TrainError> {
        self.pending.push_back(Pending { step, learning_rate, events, value });
        if self.slack == 0 {
            return self.read(1);
        }
        if self.pending.len() >= self.slack { self.read(LATE) } else { Ok(Vec::new()) }
    }

    /// Reads what is left.
    pub(super) fn finish(&mut self) -> Result<Vec<Read>, TrainError> {
        self.read(self.pending.len())
    }

    /// Mean over the events of all losses read.
    pub(super) fn mean(&self) -> f64 {
        self.weighted / self.events.max(1) as f64
    }

    pub(super) fn events(&self) -> usize {
        self.events
    }

    fn read(&mut self, count: usize) -> Result<Vec<Read>, TrainError> {
        let steps: Vec<Pending> = self.pending.drain(..count).collect();
        let Some(first) = steps.first() else { return Ok(Vec::new()) };
        let all = if steps.len() == 1 {
            first.value.clone()
        } else {
            Tensor::cat(steps.iter().map(|p| p.value.clone()).collect(), 0)
        };
        let values = all
            .try_into_vec_as::<f64>()
            .map_err(|error| TrainError::Device { message: error.to_string() })?;
        let mut out = Vec::with_capacity(steps.len());
        for (pending, loss) in steps.iter().zip(values) {
            if !loss.is_finite() {
                return Err(TrainError::NonFiniteLoss {
                    loss,
                    epoch: self.epoch,
                    step: pending.step,
                    learning_rate: pending.learning_rate,
                });
            }
            self.weighted += loss * pending.events as f64;
            self.events += pending.events;
            out.push(Read { step: pending.step, loss });
        }
        Ok(out)
    }
}

#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests {
    use super::*;

    fn scalar(value: f32) -> Tensor<1> {
        Tensor::from_data([value], &crate::device::open("ndarray").unwrap())
    }

    #[test]
    fn the_mean_is_over_events() {
        // Oracle: (1 * 3 + 5 * 1) / 4 by hand, read at once or late.
        for at_once in [true, false] {
            let mut losses = Losses::new(1, at_once);
            let mut seen = Vec::new();
            seen.extend(losses.push(1, 0.1, 3, scalar(1.0)).unwrap());
            seen.extend(losses.push(2, 0.1, 1, scalar(5.0)).unwrap());
            assert_eq!(seen.len(), if at_once { 2 } else { 0 });
            seen.extend(losses.finish().unwrap());
            assert_eq!(
                seen.iter().map(|r| (r.step, r.loss)).collect::<Vec<_>>(),
                [(1, 1.0), (2, 5.0)]
            );
            assert_eq!((losses.mean(), losses.events()), (2.0, 4));
        }
    }

    #[test]
    fn a_loss_read_late_is_still_blamed_on_its_own_step() {
        // Oracle: the step that was given the NaN; two batches of LATE fit before the first read.
        let mut losses = Losses::new(7, false);
        let mut error = None;
        for step in 1..=2 * LATE {
            let value = if step == 5 { f32::NAN } else { 1.0 };
            match losses.push(step, step as f64, 1, scalar(value)) {
                Ok(read) => assert!(read.is_empty(), "nothing is read before the queue is full"),
                Err(found) => error = Some((step, found)),
            }
        }
        let (noticed, error) = error.unwrap();
        assert_eq!(noticed, 2 * LATE);
        let TrainError::NonFiniteLoss { epoch, step, learning_rate, loss } = error else {
            panic!("{error}")
        };
        assert_eq!((epoch, step, learning_rate), (7, 5, 5.0));
        assert!(loss.is_nan(), "{loss}");
    }
}
