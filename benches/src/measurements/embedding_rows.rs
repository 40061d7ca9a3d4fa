//! `[embedding-rows]`: a training step over a catalogue of a million items beside one over ten thousand.

use crate::{
    Context,
    data::synthetic::{self, Sizes},
    measurements::{
        recurrent_cpu::median,
        timed::{epochs, no_clock},
    },
    report::{Bar, Failure, Report},
};

const SETTINGS: &str = r#"{"recipe": "aws-hrnn", "hidden_dimension": 100, "lanes": 256, "bptt": 32, "negatives": 2048,
    "full_softmax_limit": 0, "epochs": 1, "max_user_history_length_percentile": 1.0, "repeat_term": false}"#;

/// Trainings of each catalogue, in turns.
const ROUNDS: usize = 3;

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds[..1], context.threads.get());
    let catalogues = [10_000, 1_000_000];
    let data = catalogues
        .map(|items| synthetic::interactions(Sizes { users: 2_000, items, events: 250_000 }));
    let mut steps = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (data, steps) in data.iter().zip(&mut steps) {
            for epoch in epochs(context, SETTINGS, data, no_clock)? {
                // The first steps fill the pools.
                steps.extend(epoch.steps.iter().skip(3));
            }
        }
    }
    let [small, large] = steps.each_mut().map(|steps| median(steps) * 1e3);
    for ((items, ms), steps) in catalogues.into_iter().zip([small, large]).zip(&steps) {
        let note = format!("median of {} steps", steps.len());
        report.row_with(format!("step over {items} items, ms"), ms, Bar::None, note);
    }
    report.row("a million items against ten thousand", large / small, Bar::AtMost(1.5));
    Ok(report)
}
