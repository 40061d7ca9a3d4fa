//! `[recurrent-cpu]`: a training step of two recurrent layers against PyTorch, and the sweep against the core's peak.

use std::{num::NonZeroUsize, time::Instant};

use burn::tensor::Device;
use ensue::nn::{
    device,
    kernels::{TwoLayers, isa, peak_flops, set_threads, sweep_flops},
    recurrent::{Cell, RecurrentStack},
};
use ensue_benches::training_step::{Shape, Training};

use crate::{
    Context,
    peers::Peer,
    report::{Bar, Failure, Report},
};

/// Turns that each side takes.
const ROUNDS: usize = 15;

pub(crate) fn measure(_: &Context) -> Result<Report, Failure> {
    let device = device::open("ndarray")?;
    let mut report = Report::new(&[1, 2, 3], 1);
    set_threads(1);
    for (shape, bar) in [(Shape::SMALL, 0.60), (Shape::LARGE, 0.75)] {
        peak_share(shape, bar, &mut report);
    }
    two_threads(&device, &mut report)?;
    set_threads(1);
    let bars = [(Shape::SMALL, 2.5), (Shape::LARGE, 1.5), (Shape::LARGE_GRU, 1.4)];
    let compared = bars
        .into_iter()
        .try_for_each(|(shape, bar)| against_pytorch(shape, bar, &device, &mut report));
    report.part(compared);
    Ok(report)
}

/// The rate of the sweeps of both layers, as a share of the multiply-add peak measured between them.
fn peak_share(shape: Shape, bar: f64, report: &mut Report) {
    let Shape { cell, batch, time, input, hidden } = shape;
    let flops = sweep_flops(cell, batch, time, input, hidden, false)
        + sweep_flops(cell, batch, time, hidden, hidden, true);
    let mut sweeps = TwoLayers::new(cell, [batch, time, input, hidden]);
    let (mut peaks, mut rates) = (Vec::new(), Vec::new());
    (0..3).for_each(|_| sweeps.run());
    for _ in 0..ROUNDS {
        peaks.push(peak_flops(isa()));
        for _ in 0..repeats(flops) {
            rates.push(flops / seconds(|| sweeps.run()));
        }
    }
    let (peak, rate, best) = (median(&mut peaks), median(&mut rates), rates[rates.len() - 1]);
    report.row_with(
        format!("{shape}: sweeps, share of the FMA peak"),
        rate / peak,
        Bar::AtLeast(bar),
        format!(
            "median {:.1} (best {:.1}) of {:.1} GFLOP/s, {:?}, 1 thread",
            rate / 1e9,
            best / 1e9,
            peak / 1e9,
            isa()
        ),
    );
}

/// Two threads against one; held to its bar only where two cores are really free.
fn two_threads(device: &Device, report: &mut Report) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    if cores < 2 {
        return Err(Failure::NotMeasured("two threads need two cores".to_owned()));
    }
    for shape in [Shape::SMALL, Shape::LARGE] {
        let mut training = Training::<RecurrentStack>::new(shape, device);
        let (mut free, mut one, mut two) = (Vec::new(), Vec::new(), Vec::new());
        training.step();
        for _ in 0..ROUNDS {
            let alone = peak_flops(isa());
            let both: f64 = std::thread::scope(|scope| {
                let loops = [(); 2].map(|()| scope.spawn(|| peak_flops(isa())));
                loops.into_iter().map(|l| l.join().expect("a loop cannot fail")).sum()
            });
            free.push(both / alone);
            for (threads, times) in [(1, &mut one), (2, &mut two)] {
                set_threads(threads);
                training.step();
                times.extend((0..repeats(4e8)).map(|_| seconds(|| drop(training.step()))));
            }
        }
        let (free, speedup) = (median(&mut free), median(&mut one) / median(&mut two));
        let bar = if free >= 1.9 { Bar::AtLeast(1.7) } else { Bar::None };
        report.row_with(
            format!("{shape}: two threads over one"),
            speedup,
            bar,
            format!("two peak loops reach {free:.2} of one; counted from 1.9"),
        );
    }
    Ok(())
}

/// Training steps of both sides in turns.
fn against_pytorch(
    shape: Shape,
    bar: f64,
    device: &Device,
    report: &mut Report,
) -> Result<(), Failure> {
    let Shape { cell, batch, time, input, hidden } = shape;
    let kind = if cell == Cell::Lstm { "lstm" } else { "gru" };
    let mut arguments = vec![kind.to_owned()];
    arguments.extend([batch, time, input, hidden, 2, 1].map(|n| n.to_string()));
    let mut peer = Peer::start("recurrent.py", &arguments)?;
    let mut training = Training::<RecurrentStack>::new(shape, device);
    (0..5).for_each(|_| drop(training.step()));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let n = repeats(sweep_flops(cell, batch, time, input, hidden, true));
    for _ in 0..ROUNDS {
        ours.extend((0..n).map(|_| seconds(|| drop(training.step())) * 1e3));
        theirs.extend(peer.steps(n)?);
    }
    let (ours_median, theirs_median) = (median(&mut ours), median(&mut theirs));
    report.row_with(
        format!("{shape}: training step, times PyTorch's speed"),
        theirs_median / ours_median,
        Bar::AtLeast(bar),
        format!(
            "medians {ours_median:.2} and {theirs_median:.2} ms (best {:.2} and {:.2}), PyTorch {}, 1 thread",
            ours[0], theirs[0], peer.version
        ),
    );
    Ok(())
}

/// Steps of a turn: about a twentieth of a second.
fn repeats(flops: f64) -> usize {
    ((4e9 / flops) as usize).clamp(1, 20)
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The median; sorts, so that the least comes first.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
