//! The smallest data set with one right answer per user.

use ensue_core::{Event, Interactions, InteractionsBuilder};

/// `n` users and `n` items: a user has every item of the same parity but the one of the same number.
///
/// So to user `u` item `u` is the one right recommendation: all users alike have it, and it is the
/// only item of theirs that `u` lacks. Known from the test suite of the `implicit` library. Items
/// of a user come by ascending number, a second apart.
pub fn checkerboard(n: u32) -> Interactions {
    let mut rows = InteractionsBuilder::new();
    for user in 0..n {
        for item in (user % 2..n).step_by(2).filter(|&item| item != user) {
            rows.push(user, Event::new(item, i64::from(item)));
        }
    }
    rows.build(n as usize, n as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_of_five_is_as_drawn() {
        // Oracle: drawn by hand.
        let board = checkerboard(5);
        let rows: Vec<Vec<u32>> = board.users().map(|(_, h)| h.items.to_vec()).collect();
        assert_eq!(rows, [vec![2, 4], vec![3], vec![0, 4], vec![1], vec![0, 2]]);
    }
}
