//! Rows of steps that grow at both ends.

use std::collections::VecDeque;

/// Values of consecutive steps.
#[derive(Clone, Debug)]
pub(super) struct Steps<T> {
    start: i64,
    values: VecDeque<T>,
}

impl<T> Default for Steps<T> {
    fn default() -> Self {
        Self { start: 0, values: VecDeque::new() }
    }
}

impl<T: Copy> Steps<T> {
    /// The first step.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// The step after the last.
    pub(super) fn end(&self) -> i64 {
        self.start + self.values.len() as i64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// By how many steps it would grow for this one.
    pub(super) fn growth(&self, step: i64) -> u64 {
        if self.is_empty() {
            1
        } else if step < self.start {
            step.abs_diff(self.start)
        } else {
            (step + 1 - self.end()).max(0) as u64
        }
    }

    /// The value of a step; steps that come to be on the way to it are `empty`.
    pub(super) fn at(&mut self, step: i64, empty: T) -> &mut T {
        if self.is_empty() {
            self.start = step;
        }
        while step < self.start {
            self.values.push_front(empty);
            self.start -= 1;
        }
        let index = (step - self.start) as usize;
        if index >= self.values.len() {
            self.values.resize(index + 1, empty);
        }
        &mut self.values[index]
    }

    /// The value of a step, if it has one.
    pub(super) fn get(&self, step: i64) -> Option<T> {
        let index = usize::try_from(step.checked_sub(self.start)?).ok()?;
        self.values.get(index).copied()
    }

    /// All values, without copying where none came in at the front.
    pub(super) fn into_values(self) -> Vec<T> {
        self.values.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: by hand.
    #[test]
    fn steps_grow_at_both_ends() {
        let mut steps = Steps::default();
        for (step, growth) in [(5, 1), (7, 2), (3, 2), (4, 0), (7, 0)] {
            assert_eq!(steps.growth(step), growth, "{step}");
            *steps.at(step, 0) += step;
        }
        assert_eq!((steps.start(), steps.end()), (3, 8));
        assert_eq!(
            [2, 3, 6, 7, 8].map(|step| steps.get(step)),
            [None, Some(3), Some(0), Some(14), None]
        );
        assert_eq!(steps.into_values(), [3, 4, 5, 0, 14]);
    }
}
