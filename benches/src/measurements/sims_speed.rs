//! `[sims-speed]`: SIMS against implicit's cosine lists, against its time to fit, and on a hundred million events.

use std::{io::Read, num::NonZeroUsize, time::Instant};

use ensue::{
    core::{Interactions, Run},
    recommend::{
        Recipe, TrainingData,
        recipes::sims::{FittedSims, Sims},
    },
};
use flate2::read::GzDecoder;

use crate::{
    Context,
    data::{movielens, synthetic},
    measurements::recurrent_cpu::median,
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// Lists of implicit 0.7.3 (`benches/peers/cosine_golden.py`).
const GOLDEN: &[u8] = include_bytes!("../../golden/movielens_100k_cosine.gz");

/// Neighbours of an item that are compared and timed.
const K: usize = 20;

/// Turns that each side takes.
const ROUNDS: usize = 9;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&[], context.threads.get());
    let differing = lists(&movielens::load()?)?;
    let what = "MovieLens-100K: items whose 20 nearest differ from implicit's";
    report.row_with(what, differing as f64, Bar::Count(0), "of 1682");
    let speed = against_implicit(&mut report);
    report.part(speed);
    large(context, &mut report)?;
    Ok(report)
}

/// Cosine without thresholds.
fn cosine() -> Result<Sims, Failure> {
    let neighbors = NonZeroUsize::new(K)
        .ok_or_else(|| Failure::NotMeasured("no neighbours to compare".to_owned()))?;
    Ok(Sims {
        popularity_discount_factor: 0.5,
        min_cointeraction_count: 0,
        min_user_history_length_percentile: 0.0,
        max_user_history_length_percentile: 1.0,
        min_item_interaction_count_percentile: 0.0,
        max_item_interaction_count_percentile: 1.0,
        neighbors,
    })
}

fn fit(
    settings: &Sims,
    data: &Interactions,
    threads: NonZeroUsize,
) -> Result<(FittedSims, f64), Failure> {
    let data = TrainingData::from_interactions(data.clone());
    let start = Instant::now();
    let model = settings.fit(&data, &mut Run::new("ndarray").with_threads(threads))?;
    Ok((model, start.elapsed().as_secs_f64()))
}

/// Number of items whose list is not implicit's.
fn lists(data: &Interactions) -> Result<usize, Failure> {
    let (model, _) = fit(&cosine()?, data, NonZeroUsize::MIN)?;
    let mut text = String::new();
    GzDecoder::new(GOLDEN).read_to_string(&mut text)?;
    let mut golden: Vec<Vec<(u32, f32)>> = vec![Vec::new(); data.n_items()];
    for line in text.lines() {
        let parsed = || {
            let (film, rest) = line.split_once(' ')?;
            let neighbor = |cell: &str| {
                let (item, score) = cell.split_once(':')?;
                Some((item.parse().ok()?, score.parse().ok()?))
            };
            Some((
                film.parse::<usize>().ok()?,
                rest.split(' ').map(neighbor).collect::<Option<_>>()?,
            ))
        };
        let (film, list) = parsed()
            .ok_or_else(|| Failure::NotMeasured("the golden file is not as expected".to_owned()))?;
        golden[film] = list;
    }
    let same = |item: u32, expected: &[(u32, f32)]| {
        let found: Vec<(u32, f32)> = model.related(item).collect();
        // Place by place the same score; and an item in both lists has one score.
        let close = |a: f32, b: f32| (a - b).abs() <= 1e-6;
        found.len() == expected.len()
            && found.iter().zip(expected).all(|(a, b)| close(a.1, b.1))
            && found.iter().all(|a| expected.iter().all(|b| a.0 != b.0 || close(a.1, b.1)))
    };
    Ok(golden.iter().enumerate().filter(|(item, list)| !same(*item as u32, list)).count())
}

/// A B A B on the same matrix, one thread each.
fn against_implicit(report: &mut Report) -> Result<(), Failure> {
    let sizes = synthetic::Sizes { events: 1_000_000, ..synthetic::MOVIELENS_1M };
    let data = synthetic::zipf(sizes);
    let settings = cosine()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("pairs.u32");
    let pairs = data.users().flat_map(|(user, history)| {
        history.items.iter().flat_map(move |item| [user.to_le_bytes(), item.to_le_bytes()])
    });
    std::fs::write(&file, pairs.flatten().collect::<Vec<u8>>())?;
    let mut arguments = vec![file.display().to_string()];
    arguments.extend([data.n_users(), data.n_items(), K].map(|n| n.to_string()));
    let mut peer = Peer::start("cosine.py", &arguments)?;
    fit(&settings, &data, NonZeroUsize::MIN)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(fit(&settings, &data, NonZeroUsize::MIN)?.1 * 1e3);
        theirs.extend(peer.steps(1)?);
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    report.row_with(
        "1,000,000 events like MovieLens-1M: fit, times implicit's speed",
        theirs / ours,
        Bar::AtLeast(2.0),
        format!(
            "medians of {ROUNDS}: {ours:.0} and {theirs:.0} ms, implicit {}, {} events, 1 thread",
            peer.version,
            data.len()
        ),
    );
    Ok(())
}

/// A million users and items.
fn large(context: &Context, report: &mut Report) -> Result<(), Failure> {
    let data = synthetic::zipf(synthetic::HUNDRED_MILLION);
    let made = peak_gib()?;
    let (model, seconds) = fit(&Sims::default(), &data, context.threads)?;
    let related = (0..data.n_items() as u32).map(|item| model.related(item).count()).sum::<usize>();
    let what = format!("{} events, default settings", data.len());
    report.row_with(
        format!("{what}: peak memory of the process, GiB"),
        peak_gib()?,
        Bar::AtMost(16.0),
        format!("{made:.2} once the data were made"),
    );
    let note = format!("{} threads, {related} related items kept", context.threads);
    report.row_with(format!("{what}: fit, seconds"), seconds, Bar::None, note);
    Ok(())
}

/// Largest resident memory of this process so far.
fn peak_gib() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0 / 1024.0)
        .ok_or_else(|| Failure::NotMeasured("needs Linux's /proc/self/status".to_owned()))
}
