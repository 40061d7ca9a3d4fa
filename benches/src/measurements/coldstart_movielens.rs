//! `[coldstart-movielens]`: HRNN-Coldstart on films that it was not trained with.
//!
//! Half of the films, drawn at random, are taken out of training and are the cold ones; their genres are all that is known
//! of them. Every user is asked for 25 items after what they had of the other films; right answers are the cold films that
//! they rated at any time. Random order is right with the share of the cold films that a user rated.

use std::sync::Arc;

use ensue::{
    core::{Interactions, NdcgForm, RankingAccumulator, Seed},
    data::{FieldKind, MetadataColumn, MetadataTable},
    recommend::{Query, Recommend, TrainingData},
};
use rand::seq::SliceRandom;

use crate::{
    Context,
    data::movielens::{self, ITEMS, USERS},
    recipes,
    report::{Bar, Failure, Report},
};

const SETTINGS: &str = r#"{"recipe": "aws-hrnn-coldstart"}"#;

/// Least ratio to random order.
const BAR: f64 = 3.3;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let events = movielens::load()?;
    let genres = Arc::new(genres()?);
    let settings = context.settings.as_deref().unwrap_or(SETTINGS);
    let mut report = Report::new(&context.seeds, context.threads.get());
    let [mut lifts, mut precisions, mut randoms, mut shuffled, mut ridges, mut seconds] =
        <[Vec<f64>; 6]>::default();
    for &seed in &context.seeds {
        let cold = draw(seed);
        let data = TrainingData {
            item_table: Some(Arc::clone(&genres)),
            ..TrainingData::from_interactions(events.filter(|_, e| !cold[e.item as usize]))
        };
        let fitted = recipes::fit_data(context, settings, &data, seed)?;
        let found = precision(&*fitted.model, &data.interactions, &events, &cold)?;
        let n_cold = cold.iter().filter(|&&cold| cold).count() as f64;
        let rated: usize = (0..USERS).map(|user| answers(&events, user, &cold).len()).sum();
        let random = rated as f64 / n_cold / f64::from(USERS);
        lifts.push(found / random);
        precisions.push(found);
        randoms.push(random);
        // Films of the same genres have the same score; published ids are lower for better known films.
        shuffled.push(
            precision_of_shuffled(&*fitted.model, &data.interactions, &events, &cold, seed)?
                / random,
        );
        ridges.push(ridge(&genres, &events, &cold) / random);
        seconds.push(fitted.took.as_secs_f64());
    }
    report.seeds_row("precision@25", &precisions, Bar::None, "");
    report.seeds_row("precision@25 of random order", &randoms, Bar::None, "");
    report.seeds_row("times random order", &lifts, Bar::AtLeast(BAR), "");
    let remark = ", equal scores in random order";
    report.seeds_row("times random order", &shuffled, Bar::None, remark);
    let remark = ", a ridge regression for each user";
    report.seeds_row("times random order", &ridges, Bar::None, remark);
    report.seeds_row("training seconds", &seconds, Bar::None, "");
    report.note(format!("settings {settings}"));
    Ok(report)
}

/// Genres alone.
fn genres() -> Result<MetadataTable, Failure> {
    let films = movielens::films()?;
    let mut genres = MetadataTable::with_fields([("GENRE", FieldKind::Categorical)]);
    for film in 0..ITEMS {
        let fields = films.row(film).into_iter().filter(|(name, _)| name == "GENRE").collect();
        genres.set_row(film, &fields)?;
    }
    Ok(genres)
}

/// Half of the films.
fn draw(seed: u64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..ITEMS as usize).collect();
    order.shuffle(&mut Seed(seed).stream("cold films"));
    let mut cold = vec![false; ITEMS as usize];
    for &film in &order[..ITEMS as usize / 2] {
        cold[film] = true;
    }
    cold
}

fn answers(events: &Interactions, user: u32, cold: &[bool]) -> Vec<u32> {
    let items = events.user(user).items.iter().copied();
    items.filter(|&item| cold[item as usize]).collect()
}

/// Precision of a ridge regression for each user: whether they rated a film, from its genres and a constant, with penalty 10.
fn ridge(genres: &MetadataTable, events: &Interactions, cold: &[bool]) -> f64 {
    let Some(MetadataColumn::Categorical(column)) = genres.column("GENRE") else { return 0.0 };
    let width = column.vocabulary().len() + 1;
    let row = |film: u32| -> Vec<f64> {
        let mut row = vec![0.0; width];
        column.of(film).iter().for_each(|&genre| row[genre as usize] = 1.0);
        row[width - 1] = 1.0;
        row
    };
    let films: Vec<Vec<f64>> = (0..ITEMS).map(row).collect();
    let mut gram = vec![vec![0.0; width]; width];
    for (_, row) in films.iter().enumerate().filter(|(film, _)| !cold[*film]) {
        for (a, gram) in row.iter().zip(&mut gram) {
            gram.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
        }
    }
    (0..width).for_each(|at| gram[at][at] += 10.0);
    let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
    for user in 0..USERS {
        let mut sums = vec![0.0; width];
        for &film in events.user(user).items.iter().filter(|&&film| !cold[film as usize]) {
            sums.iter_mut().zip(&films[film as usize]).for_each(|(sum, x)| *sum += x);
        }
        let taste = solve(gram.clone(), sums);
        let score = |film: u32| -> f64 {
            films[film as usize].iter().zip(&taste).map(|(x, w)| x * w).sum()
        };
        let mut order: Vec<u32> = (0..ITEMS).filter(|&film| cold[film as usize]).collect();
        order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
        order.truncate(25);
        metrics.add(&order, &answers(events, user, cold));
    }
    metrics.finish(ITEMS as usize).precision_at_25
}

/// Solves a symmetric positive definite system by elimination.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for pivot in 0..n {
        for row in pivot + 1..n {
            let factor = a[row][pivot] / a[pivot][pivot];
            let known = a[pivot].clone();
            for (cell, known) in a[row].iter_mut().zip(known).skip(pivot) {
                *cell -= factor * known;
            }
            b[row] -= factor * b[pivot];
        }
    }
    for at in (0..n).rev() {
        let known: f64 = (at + 1..n).map(|column| a[at][column] * b[column]).sum();
        b[at] = (b[at] - known) / a[at][at];
    }
    b
}

/// Mean over all users of the share of right answers among 25.
fn precision(
    model: &dyn Recommend,
    train: &Interactions,
    events: &Interactions,
    cold: &[bool],
) -> Result<f64, Failure> {
    let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
    for user in 0..USERS {
        let query = Query { user: Some(user), ..Query::from_history(train.user(user)) };
        let answer = model.recommend(&[query], 25)?.remove(0);
        let items: Vec<u32> = answer.iter().map(|line| line.item).collect();
        metrics.add(&items, &answers(events, user, cold));
    }
    Ok(metrics.finish(ITEMS as usize).precision_at_25)
}

/// The same with ties among equal scores broken at random.
fn precision_of_shuffled(
    model: &dyn Recommend,
    train: &Interactions,
    events: &Interactions,
    cold: &[bool],
    seed: u64,
) -> Result<f64, Failure> {
    let mut metrics = RankingAccumulator::new(NdcgForm::Amazon);
    let mut rng = Seed(seed).stream("ties");
    for user in 0..USERS {
        let query = Query { user: Some(user), ..Query::from_history(train.user(user)) };
        let mut answer = model.recommend(&[query], ITEMS as usize)?.remove(0);
        answer.shuffle(&mut rng);
        answer.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(std::cmp::Ordering::Equal));
        let items: Vec<u32> = answer.iter().take(25).map(|line| line.item).collect();
        metrics.add(&items, &answers(events, user, cold));
    }
    Ok(metrics.finish(ITEMS as usize).precision_at_25)
}
