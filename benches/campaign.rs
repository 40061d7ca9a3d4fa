//! A campaign of 100,000 items and an HRNN of 100 units, ndarray, one thread: reading the item table once, which is the least
//! an exact answer can take, and the parts of an answer beside the whole.
//!
//! | line | what it holds |
//! |---|---|
//! | reading the table once | the bytes of the table through the core |
//! | scores and selection | the table's product with one output of the network, soft-max and the best 25 |
//! | network's step | one event into what the network keeps of a history |
//! | model's answer | the network's output, scores and selection with the terms of repeated items |
//! | answer | the same with looking up the user and naming the items |
//! | event and answer | an event, the network's step and the answer: what one visit of a page costs |
//! | batch | 1,000 lines of JSON in and out |
//! | event | one event into a user's history |
//!
//! `cargo bench -p ensue-benches --bench campaign`

use std::{hint::black_box, num::NonZeroUsize};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ensue::{
    core::Run,
    nn::{kernels, retrieval::Ask},
    prelude::RecommendRequest,
    recommend::{BatchOptions, Query},
};
use ensue_benches::served;

fn campaign(c: &mut Criterion) {
    let campaign = served::campaign(1).expect("made-up data is fine");
    kernels::set_threads(1);
    let (table, hidden) = served::table().expect("this build has ndarray");
    let ask = [Ask { total: true, ..Ask::default() }];

    let mut group = c.benchmark_group("campaign of 100,000 items of 100");
    group.bench_function("reading the table once", |b| b.iter(|| black_box(table.stream())));
    group.bench_function("scores and selection", |b| {
        b.iter(|| black_box(table.best(&hidden, 25, &ask)));
    });
    // What the model does of it, for one user whose last event is new.
    let model = campaign.version().model();
    let user = campaign.version().users().encode("user-0").expect("made up");
    let history = campaign.version().histories().user(user);
    let before = Query::from_history(history.first(history.len() - 1));
    let before = model.remember(&before).expect("a known history").expect("a network");
    let query = Query { user: Some(user), memory: Some(&before), ..Query::from_history(history) };
    group.bench_function("network's step", |b| b.iter(|| model.remember(&query)));
    let now = model.remember(&query).expect("a known history").expect("a network");
    let query = Query { memory: Some(&now), ..query };
    group.bench_function("model's answer", |b| b.iter(|| model.recommend(&[query], 25)));
    let mut n = 0;
    group.bench_function("answer", |b| {
        b.iter(|| {
            n += 1;
            let request = RecommendRequest::new(served::event(n).user_id);
            campaign.recommend(&request)
        });
    });
    group.bench_function("event and answer", |b| {
        b.iter(|| {
            n += 1;
            let event = served::event(n);
            campaign.put_event(&event)?;
            campaign.recommend(&RecommendRequest::new(event.user_id))
        });
    });
    let lines: Vec<String> = (0..1000).map(|n| format!("{{\"userId\": \"user-{n}\"}}")).collect();
    let lines = lines.join("\n");
    let run = Run::new("ndarray").with_threads(NonZeroUsize::MIN);
    group.throughput(Throughput::Elements(1000)).sample_size(10);
    group.bench_function("batch", |b| {
        b.iter(|| {
            let mut output = Vec::new();
            campaign.batch_inference(lines.as_bytes(), &mut output, &BatchOptions::default(), &run)
        });
    });
    // Last, because the histories grow by a million events.
    group.throughput(Throughput::Elements(1));
    group.bench_function("event", |b| {
        b.iter(|| {
            n += 1;
            campaign.put_event(&served::event(n))
        });
    });
    group.finish();
}

criterion_group!(benches, campaign);
criterion_main!(benches);
