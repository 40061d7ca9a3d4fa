//! Searches the functions of `ensue_tune::functions` with a sampler, and prints the lowest value of each search.
//!
//! ```console
//! cargo run --release -p ensue-tune --example functions -- '{"sampler": "tpe"}' 1 30 100 branin hartmann6
//! ```
//!
//! takes the sampler's settings, the first and the last seed, the number of trials, and names of functions (all where
//! there are none). A line of output is JSON: function, seed and best value.

#![expect(clippy::print_stdout, reason = "a program that reports to people")]

use std::error::Error;

use ensue_tune::{
    Direction, History, Sampler, Trial, TrialState,
    functions::Function,
    sampler::{AnySampler, QuasiRandom},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [settings, first, last, trials, names @ ..] = &arguments[..] else {
        return Err("usage: functions SETTINGS FIRST_SEED LAST_SEED TRIALS [FUNCTION]...".into());
    };
    let sampler: AnySampler = serde_json::from_str(settings)?;
    sampler.check()?;
    for function in Function::ALL {
        if names.is_empty() || names.iter().any(|name| name == function.name()) {
            for seed in first.parse()?..=last.parse()? {
                let best = search(function, &sampler, trials.parse()?, seed);
                let line =
                    serde_json::json!({"function": function.name(), "seed": seed, "best": best});
                println!("{line}");
            }
        }
    }
    Ok(())
}

/// The lowest value that so many trials found.
fn search(function: Function, sampler: &AnySampler, trials: u64, seed: u64) -> f64 {
    let space = function.space();
    let sampler = match sampler {
        AnySampler::QuasiRandom(_) => AnySampler::QuasiRandom(QuasiRandom { seed }),
        sampler => sampler.clone(),
    };
    let mut done: Vec<Trial> = Vec::new();
    for number in 0..trials {
        let history = History { space: &space, directions: &[Direction::Minimize], trials: &done };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        let assignment = sampler.sample(&history, &mut random);
        let values = vec![function.value(&assignment)];
        let state = TrialState::Complete;
        done.push(Trial { number, assignment, state, measurements: vec![], values, seconds: 0.0 });
    }
    done.iter().map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min)
}
