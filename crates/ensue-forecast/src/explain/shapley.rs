//! Shapley values of a game whose outcome is many numbers at once.

use rand::{Rng, seq::SliceRandom};

/// Players, and what they achieve together.
pub(super) struct Game<V> {
    /// For each player, whether what stands in for it when it is absent depends on the donor.
    pub(super) by_donor: Vec<bool>,
    /// Number of donors; at least 1.
    pub(super) donors: usize,
    /// What the players that are present achieve, with what a donor has in the place of the others: one number for each
    /// outcome, always as many.
    pub(super) value: V,
}

/// What each player has brought.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shapley {
    /// `[player, outcome]`; with `nobody` they add up to `everybody`.
    pub(super) values: Vec<Vec<f64>>,
    /// What is achieved without any player, in the mean of the donors.
    pub(super) nobody: Vec<f64>,
    /// What all achieve.
    pub(super) everybody: Vec<f64>,
}

impl<V, E> Game<V>
where
    V: Fn(&[bool], usize) -> Result<Vec<f64>, E>,
{
    /// All sets of players are asked about: `2^players` of them, for each donor where that makes a difference.
    ///
    /// ```text
    /// phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))
    /// ```
    pub(super) fn exact(&self) -> Result<Shapley, E> {
        let players = self.by_donor.len();
        let sets = 1_usize << players;
        let outcomes: Vec<Vec<f64>> =
            (0..sets).map(|set| self.mean(&members(set, players))).collect::<Result<_, E>>()?;
        let empty = || vec![0.0; outcomes[0].len()];
        let mut values = vec![empty(); players];
        for (player, sum) in values.iter_mut().enumerate() {
            for set in (0..sets).filter(|set| set >> player & 1 == 0) {
                let weight = weight(set.count_ones() as usize, players);
                let (with, without) = (&outcomes[set | 1 << player], &outcomes[set]);
                for ((sum, with), without) in sum.iter_mut().zip(with).zip(without) {
                    *sum += weight * (with - without);
                }
            }
        }
        let mut outcomes = outcomes.into_iter();
        let nobody = outcomes.next().unwrap_or_default();
        let everybody = outcomes.next_back().unwrap_or_else(|| nobody.clone());
        Ok(Shapley { values, nobody, everybody })
    }

    /// The outcome of a set, in the mean of the donors.
    fn mean(&self, present: &[bool]) -> Result<Vec<f64>, E> {
        let lent =
            present.iter().zip(&self.by_donor).any(|(present, by_donor)| !present && *by_donor);
        let donors = if lent { self.donors } else { 1 };
        let mut sum = (self.value)(present, 0)?;
        for donor in 1..donors {
            let more = (self.value)(present, donor)?;
            sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        if donors > 1 {
            for sum in &mut sum {
                *sum /= donors as f64;
            }
        }
        Ok(sum)
    }

    /// Players come one after the other, in drawn orders; what changes when one comes is its own. Every second order
    /// is the reverse of the one before; donors take turns, two orders each.
    pub(super) fn sampled(&self, orders: usize, rng: &mut impl Rng) -> Result<Shapley, E> {
        let players = self.by_donor.len();
        let everybody = (self.value)(&vec![true; players], 0)?;
        let mut values = vec![vec![0.0; everybody.len()]; players];
        let mut nobody = vec![0.0; everybody.len()];
        let mut order: Vec<usize> = (0..players).collect();
        // What each donor achieves alone.
        let mut alone: Vec<Option<Vec<f64>>> = vec![None; self.donors];
        for number in 0..orders {
            if number % 2 == 0 {
                order.shuffle(rng);
            } else {
                order.reverse();
            }
            let donor = number / 2 % self.donors;
            let mut present = vec![false; players];
            let mut before = match alone[donor].take() {
                Some(outcome) => outcome,
                None => (self.value)(&present, donor)?,
            };
            alone[donor] = Some(before.clone());
            nobody.iter_mut().zip(&before).for_each(|(sum, y)| *sum += y / orders as f64);
            for (place, &player) in order.iter().enumerate() {
                present[player] = true;
                let last = place + 1 == players;
                let after = if last { everybody.clone() } else { (self.value)(&present, donor)? };
                for ((sum, after), before) in values[player].iter_mut().zip(&after).zip(&before) {
                    *sum += (after - before) / orders as f64;
                }
                before = after;
            }
        }
        Ok(Shapley { values, nobody, everybody })
    }
}

/// The players of a set, whose number has a bit for each.
fn members(set: usize, players: usize) -> Vec<bool> {
    (0..players).map(|player| set >> player & 1 == 1).collect()
}

/// `size! (players - size - 1)! / players!`, as `1 / (players * C(players - 1, size))`.
fn weight(size: usize, players: usize) -> f64 {
    let others = players - 1;
    let ways = (0..size).fold(1.0, |ways, n| ways * (others - n) as f64 / (n + 1) as f64);
    1.0 / (players as f64 * ways)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn near(found: &[Vec<f64>], expected: &[f64]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found[0] - expected).abs() < 1e-12, "{found:?} {expected}");
        }
    }

    fn game<V: Fn(&[bool], usize) -> Result<Vec<f64>, Infallible>>(
        players: usize,
        value: V,
    ) -> Game<V> {
        Game { by_donor: vec![false; players], donors: 1, value }
    }

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(5)
    }

    #[test]
    fn the_glove_game() {
        // Oracle: Shapley's gloves: one left glove (player 0), two right ones; a pair is worth 1. By the formula the left
        // glove has 2/3, the others 1/6 each.
        let pair = |present: &[bool], _| {
            Ok(vec![f64::from(u8::from(present[0] && (present[1] || present[2])))])
        };
        let found = game(3, pair).exact().unwrap();
        near(&found.values, &[2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]);
        assert_eq!((found.nobody, found.everybody), (vec![0.0], vec![1.0]));
        // Three orders of it and their reverses are not all six in general; many draws come near.
        let drawn = game(3, pair).sampled(4000, &mut rng()).unwrap();
        for (drawn, exact) in drawn.values.iter().zip([2.0 / 3.0, 1.0 / 6.0, 1.0 / 6.0]) {
            assert!((drawn[0] - exact).abs() < 0.03, "{drawn:?} {exact}");
        }
    }

    #[test]
    fn a_pair_of_orders_is_exact_where_two_work_together() {
        // Oracle: by hand: own parts 1, 2, 4 and 8, and a product of the first two (3) and of the last two (5), whose
        // halves belong to each of both.
        let value = |present: &[bool], _| {
            let on = |at: usize| f64::from(u8::from(present[at]));
            let own = on(0) + 2.0 * on(1) + 4.0 * on(2) + 8.0 * on(3);
            Ok(vec![7.0 + own + 3.0 * on(0) * on(1) + 5.0 * on(2) * on(3)])
        };
        let expected = [2.5, 3.5, 6.5, 10.5];
        near(&game(4, value).exact().unwrap().values, &expected);
        let drawn = game(4, value).sampled(2, &mut rng()).unwrap();
        near(&drawn.values, &expected);
        assert_eq!((drawn.nobody, drawn.everybody), (vec![7.0], vec![30.0]));
    }

    #[test]
    fn donors_stand_in_and_are_asked_only_where_they_matter() {
        // Oracle: by hand: present, the second player brings 10; absent, the donors have 0, 1 and 5, which is 2 in the mean.
        let asked = Cell::new(0);
        let value = |present: &[bool], donor: usize| {
            asked.set(asked.get() + 1);
            let lent = [0.0, 1.0, 5.0][donor];
            Ok::<_, Infallible>(vec![
                if present[0] { 1.0 } else { 0.0 } + if present[1] { 10.0 } else { lent },
            ])
        };
        let game = Game { by_donor: vec![false, true], donors: 3, value };
        let found = game.exact().unwrap();
        near(&found.values, &[1.0, 8.0]);
        assert_eq!(found.nobody, [2.0]);
        // Two sets with the second player, two without it for each donor.
        assert_eq!(asked.get(), 2 + 2 * 3);
        let drawn = game.sampled(6, &mut rng()).unwrap();
        near(&drawn.values, &[1.0, 8.0]);
        near(&[drawn.nobody], &[2.0]);
    }
}
