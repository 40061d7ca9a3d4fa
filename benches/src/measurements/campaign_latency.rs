//! `[campaign-latency]`: what an answer of a campaign takes, against reading the item table once.
//!
//! 100,000 items, 100 units, one thread. A turn is an event of a user and that user's next answer (25 items with
//! probabilities); before each turn the table is read once. Then 20,000 users are answered as a batch, lines of JSON in and
//! out.

use std::{num::NonZeroUsize, time::Instant};

use ensue::{
    core::Run,
    nn::{kernels, retrieval::Ask},
    prelude::RecommendRequest,
    recommend::BatchOptions,
};
use ensue_benches::served::{self, USERS};

use crate::{
    Context,
    report::{Bar, Failure, Report},
};

/// Turns that are measured, after some that are not.
const TURNS: usize = 3000;
const WARMUP: usize = 1000;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let failed = |error: Box<dyn std::error::Error>| Failure::NotMeasured(error.to_string());
    let campaign = served::campaign(context.seeds[0]).map_err(failed)?;
    kernels::set_threads(1);
    let (table, hidden) = served::table().map_err(failed)?;
    let ask = [Ask { total: true, ..Ask::default() }];

    let mut times = [const { Vec::<f64>::new() }; 4];
    for n in 0..WARMUP + TURNS {
        let event = served::event(n);
        let request = RecommendRequest::new(&event.user_id);
        let start = Instant::now();
        std::hint::black_box(table.stream());
        let streamed = start.elapsed().as_secs_f64();
        let start = Instant::now();
        campaign.put_event(&event)?;
        let put = start.elapsed().as_secs_f64();
        let answer = campaign.recommend(&request)?;
        let whole = start.elapsed().as_secs_f64();
        if answer.items.len() != 25 || !answer.known_user {
            return Err(Failure::NotMeasured("an answer is not whole".to_owned()));
        }
        if n >= WARMUP {
            for (times, time) in times.iter_mut().zip([streamed, put, whole - put, whole]) {
                times.push(time * 1e3);
            }
        }
    }
    let [stream, put, answer, whole] = times;
    // By itself, so that the turns find the caches as a page view does.
    let scored = |_| {
        let start = Instant::now();
        std::hint::black_box(table.best(&hidden, 25, &ask));
        start.elapsed().as_secs_f64() * 1e3
    };
    let scored: Vec<f64> = (0..1000).map(scored).collect();

    // Answers alone, to compare the batch with.
    let start = Instant::now();
    let singles = 1000;
    for user in 0..singles {
        campaign.recommend(&RecommendRequest::new(format!("user-{}", user * 17 % USERS)))?;
    }
    let single = start.elapsed().as_secs_f64() / f64::from(singles as u32);
    let lines: Vec<String> =
        (0..USERS).map(|user| format!("{{\"userId\": \"user-{user}\"}}")).collect();
    let lines = lines.join("\n");
    let start = Instant::now();
    let run = Run::new("ndarray").with_threads(NonZeroUsize::MIN);
    let mut output = Vec::new();
    let done =
        campaign.batch_inference(lines.as_bytes(), &mut output, &BatchOptions::default(), &run)?;
    let batch = start.elapsed().as_secs_f64() / USERS as f64;

    let mut report = Report::new(&context.seeds, 1);
    let base = quantile(&stream, 0.5);
    report.row("reading the table once, ms, median", base, Bar::None);
    report.row("reading the table once, ms, p99", quantile(&stream, 0.99), Bar::None);
    report.row("event taken in, ms, median", quantile(&put, 0.5), Bar::None);
    report.row("answer, ms, median", quantile(&answer, 0.5), Bar::None);
    let remark = "scores of the whole table and selection alone, ms, median";
    report.row(remark, quantile(&scored, 0.5), Bar::None);
    report.row("event and answer, ms, median", quantile(&whole, 0.5), Bar::None);
    report.row("event and answer, ms, p99", quantile(&whole, 0.99), Bar::None);
    let times = |q| quantile(&whole, q) / base;
    report.row("event and answer over reading, median", times(0.5), Bar::AtMost(1.3));
    report.row("event and answer over reading, p99", times(0.99), Bar::AtMost(2.5));
    report.row("answered lines of the batch", done.answered as f64, Bar::Count(USERS));
    report.row("single answer, ms", single * 1e3, Bar::None);
    report.row("batch, ms an answer", batch * 1e3, Bar::None);
    report.row("batch over single rate", single / batch, Bar::AtLeast(3.0));
    Ok(report)
}

fn quantile(times: &[f64], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}
