//! A bar on standard error for what a run tells.

use ensue::prelude::*;
use indicatif::{ProgressBar, ProgressStyle};

/// The same run with a bar that follows it; nothing shows where standard error is not a terminal.
pub(crate) fn show(run: Run) -> Run {
    let bar = ProgressBar::new_spinner();
    bar.set_style(style("{spinner} {msg}"));
    run.on_progress(move |progress| follow(&bar, progress))
}

/// The same for a run over about so many lines.
pub(crate) fn show_lines(run: Run, lines: u64) -> Run {
    let bar = ProgressBar::new(lines);
    bar.set_style(style("{msg} {wide_bar} {pos}/{len}"));
    run.on_progress(move |progress| follow(&bar, progress))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are well formed")
}

fn follow(bar: &ProgressBar, progress: &Progress) {
    match progress {
        Progress::Import { file, rows } => {
            bar.set_message(format!("{}: {rows} rows", file.display()));
            bar.tick();
        }
        Progress::Started { what, .. } => {
            bar.set_message(what.clone());
            bar.tick();
        }
        Progress::Step { epoch, step, steps, loss } => {
            if bar.length() != Some(*steps as u64) {
                bar.set_length(*steps as u64);
                bar.set_style(style("{msg} {wide_bar} {pos}/{len}"));
            }
            bar.set_position(*step as u64);
            bar.set_message(format!("epoch {epoch}, loss {loss:.4}"));
        }
        Progress::Answered { lines, failed } => {
            bar.set_position(*lines as u64);
            bar.set_message(format!("{lines} lines, {failed} failed"));
        }
        Progress::Epoch { epoch, epochs, train_loss, validation, seconds, events, .. } => {
            let validation =
                validation.map_or(String::new(), |value| format!(", validation {value:.4}"));
            let pace = *events as f64 / seconds.max(1e-9);
            bar.println(format!(
                "epoch {epoch}/{epochs}: loss {train_loss:.4}{validation}, {seconds:.1} s, {pace:.0} events/s"
            ));
        }
        Progress::Trial { trial, state, value, best, left, .. } => {
            let value = value.map_or_else(|| "no value".to_owned(), |value| format!("{value:.4}"));
            let best = best.map_or_else(String::new, |(trial, value)| {
                format!(", best {value:.4} (trial {trial})")
            });
            let left = left.map_or_else(String::new, |left| format!(", {left:.0} s left"));
            bar.println(format!("trial {trial}: {value}, {state}{best}{left}"));
        }
        Progress::Resumed { epoch } => bar.println(format!("resumed after epoch {epoch}")),
        Progress::Warning { message } => {
            // A warning must be seen in a log file too, where the bar is hidden.
            bar.suspend(|| eprintln!("warning: {message}"));
        }
        Progress::Finished { .. } => bar.finish_and_clear(),
        _ => {}
    }
}
