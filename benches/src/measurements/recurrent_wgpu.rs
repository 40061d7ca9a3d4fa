//! `[recurrent-wgpu]`: launches of a training step on wgpu, and its time beside burn-nn's LSTM on the same adapter.

use crate::{
    Context,
    report::{Failure, Report},
};

/// Without the backend there is nothing to measure.
#[cfg(not(feature = "wgpu"))]
pub(crate) fn measure(_: &Context) -> Result<Report, Failure> {
    let reason = "this build has no wgpu: add --features wgpu";
    Err(Failure::NotMeasured(reason.to_owned()))
}

#[cfg(feature = "wgpu")]
pub(crate) fn measure(_: &Context) -> Result<Report, Failure> {
    use ensue::nn::device;
    use ensue_benches::training_step::Shape;

    let device = device::open("wgpu")?;
    let mut report = Report::new(&[1, 2, 3], 0);
    on_wgpu::launches(&device, &mut report);
    for (shape, bar) in [(Shape::SMALL, Some(5.0)), (Shape::LARGE, None)] {
        on_wgpu::against_burn_nn(shape, bar, &device, &mut report);
    }
    on_wgpu::wide(&device, &mut report);
    Ok(report)
}

#[cfg(feature = "wgpu")]
mod on_wgpu {
    use std::time::Instant;

    use burn::tensor::Device;
    use ensue::nn::{launches::count, recurrent::RecurrentStack};
    use ensue_benches::training_step::{BurnLstm, Layers, Shape, Training};

    use crate::{
        measurements::recurrent_cpu::median,
        report::{Bar, Report},
    };

    /// Turns that each side takes.
    const ROUNDS: usize = 5;

    /// Launches of one step after three warm ones, for two lengths of the sequences.
    pub(super) fn launches(device: &Device, report: &mut Report) {
        for time in [19, 95] {
            let mut training =
                Training::<RecurrentStack>::new(Shape { time, ..Shape::SMALL }, device);
            (0..3).for_each(|_| drop(training.step()));
            let (loss, launches) = count(|| training.step());
            drop(loss);
            let what = format!("launches of a step, time {time}");
            report.row(what, launches as f64, Bar::AtMost(40.0));
        }
    }

    /// Seconds of one step, waited for.
    fn seconds<L: Layers>(training: &mut Training<L>) -> f64 {
        let start = Instant::now();
        drop(training.step());
        training.wait();
        start.elapsed().as_secs_f64()
    }

    pub(super) fn against_burn_nn(
        shape: Shape,
        bar: Option<f64>,
        device: &Device,
        report: &mut Report,
    ) {
        let mut ours = Training::<RecurrentStack>::new(shape, device);
        let mut theirs = Training::<BurnLstm>::new(shape, device);
        // The first step of each side compiles its kernels.
        let _ = (seconds(&mut ours), seconds(&mut theirs));
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            a.push(seconds(&mut ours));
            b.push(seconds(&mut theirs));
        }
        let (ours, theirs) = (median(&mut a), median(&mut b));
        report.row_with(
            format!("{shape}: training step, times burn-nn's speed"),
            theirs / ours,
            bar.map_or(Bar::None, Bar::AtLeast),
            format!("medians {:.1} and {:.1} ms of {ROUNDS}", ours * 1e3, theirs * 1e3),
        );
    }

    /// Sequences per second of a wide batch, for real GPUs.
    pub(super) fn wide(device: &Device, report: &mut Report) {
        let shape = Shape { batch: 1024, ..Shape::SMALL };
        let mut training = Training::<RecurrentStack>::new(shape, device);
        (0..2).for_each(|_| _ = seconds(&mut training));
        let mut times: Vec<f64> = (0..ROUNDS).map(|_| seconds(&mut training)).collect();
        let ms = median(&mut times) * 1e3;
        let rate = (shape.batch * shape.time) as f64 / ms * 1e3;
        report.row_with(
            format!("{shape}: steps of sequences per second"),
            rate,
            Bar::None,
            format!("median step {ms:.1} ms"),
        );
    }
}
