//! `[tpe-functions]`: TPE on functions with known minima, against Optuna's and against random search.

use ensue_tune::{
    Direction, History, Sampler, Trial, TrialState,
    functions::Function,
    sampler::{AnySampler, Random},
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::{
    Context,
    measurements::{mann_whitney::p_larger, recurrent_cpu::median},
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// Trials of a search.
const TRIALS: u64 = 100;

const FUNCTIONS: [Function; 4] =
    [Function::Branin, Function::Hartmann6, Function::Rosenbrock10, Function::Models];

pub(crate) fn measure(context: &Context) -> Result<Report, Failure> {
    let mut report = Report::new(&context.seeds, 1);
    let sampler: AnySampler =
        serde_json::from_str(context.settings.as_deref().unwrap_or(r#"{"sampler": "tpe"}"#))?;
    sampler.check()?;
    report.note(format!("ours: {}", serde_json::to_string(&sampler)?));
    let best = |function: Function, sampler: &dyn Sampler| -> Vec<f64> {
        context.seeds.iter().map(|&seed| search(function, sampler, seed)).collect()
    };
    let mut ours: Vec<Vec<f64>> = Vec::new();
    for function in FUNCTIONS {
        let (mut found, mut random) = (best(function, &sampler), best(function, &Random {}));
        let p = p_larger(&random, &found);
        let note = format!(
            "medians {:.4} and {:.4}, lowest value {:.4}",
            median(&mut found),
            median(&mut random),
            function.minimum()
        );
        report.row_with(
            format!("{}: p that random search is as good", function.name()),
            p,
            Bar::AtMost(0.05),
            note,
        );
        ours.push(found);
    }
    let compared = against_optuna(context, &mut report, &mut ours);
    report.part(compared);
    Ok(report)
}

/// The same functions, trials and number of seeds.
fn against_optuna(
    context: &Context,
    report: &mut Report,
    ours: &mut [Vec<f64>],
) -> Result<(), Failure> {
    let mut peer = Peer::start("tpe.py", &[])?;
    for (function, ours) in FUNCTIONS.iter().zip(ours) {
        let name = function.name();
        let mut theirs = Vec::new();
        for seed in &context.seeds {
            theirs.extend(peer.ask(&format!("{name} {TRIALS} {seed}"))?);
        }
        let p = p_larger(ours, &theirs);
        let (ours, theirs) = (median(ours), median(&mut theirs));
        let note = format!("medians {ours:.4} and {theirs:.4}, Optuna {}", peer.version);
        report.row_with(
            format!("{name}: p if we are no worse than Optuna's TPE"),
            p,
            Bar::AtLeast(0.05),
            note,
        );
    }
    Ok(())
}

/// The lowest value of a search, one trial after the other.
fn search(function: Function, sampler: &dyn Sampler, seed: u64) -> f64 {
    let space = function.space();
    let mut trials: Vec<Trial> = Vec::new();
    for number in 0..TRIALS {
        let history =
            History { space: &space, directions: &[Direction::Minimize], trials: &trials };
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(number);
        let assignment = sampler.sample(&history, &mut random);
        let values = vec![function.value(&assignment)];
        let state = TrialState::Complete;
        trials.push(Trial {
            number,
            assignment,
            state,
            measurements: vec![],
            values,
            seconds: 0.0,
        });
    }
    trials.iter().map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min)
}
