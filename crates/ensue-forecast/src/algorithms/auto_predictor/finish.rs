//! The end of a competition: choosing, training on everything, telling.

use ensue_core::{Progress, Run, Series};
use ensue_nn::search::Tunable;

use super::{
    Combination, FittedAutoPredictor,
    candidates::is_global,
    clock::part,
    ensemble::{self, Weights},
    fitted::Model,
    groups::Group,
    race::{Member, Race, folder, with_epochs},
    report::{Contender, Selection},
};
use crate::{AnyAlgorithm, FitError, Forecaster, predictor::remove_checkpoints};

/// Share of its epochs below which a training on everything is worse than the one that was measured on a little less.
const REFIT: f64 = 0.35;

/// Trainings of a member on everything.
type Finals = Vec<Box<dyn Forecaster>>;

impl Race<'_> {
    /// Chooses, trains what was chosen on everything, and tells.
    pub(super) fn finish(mut self, run: &mut Run) -> Result<FittedAutoPredictor, FitError> {
        self.members.sort_by(|a, b| a.value.total_cmp(&b.value));
        let values: Vec<&[f32]> = self.members.iter().map(|member| &member.values[..]).collect();
        let weights = match self.settings.combination {
            _ if values.len() == 1 => [const {}; 4].map(|()| vec![1.0]),
            Combination::Best => ensemble::best(&self.held, &values),
            Combination::Ensemble => {
                let seed = self.seed.child("ensemble");
                ensemble::selected(&self.held, &values, self.settings.by_group, seed)
            }
        };
        let value = ensemble::value(&self.held, &values, &weights);
        let mut finals = self.refit(&weights, run)?;
        if self.settings.combination == Combination::Ensemble {
            self.with_other_seeds(&weights, &mut finals, run)?;
        }
        let counts: Vec<usize> = finals.iter().map(Vec::len).collect();
        let selection = self.selection(&weights, value, &counts);
        let (mut members, mut models) = (Vec::new(), Vec::new());
        for (at, (member, mut own)) in self.members.into_iter().zip(finals).enumerate() {
            if own.is_empty() {
                // What was measured forecasts as well.
                own.push(member.model);
            }
            let share = (own.len() as f64).recip();
            let weights = Group::ALL.map(|group| share * weights[group.index()][at]);
            if weights.iter().any(|weight| *weight > 0.0) {
                members.extend(own.iter().map(|_| (member.algorithm.clone(), weights)));
                models.append(&mut own);
            }
        }
        if let Some(policy) = run.checkpoint.as_ref().filter(|policy| !policy.keep) {
            remove_checkpoints(&policy.dir, self.folders.into_iter(), run);
        }
        let model = Model {
            frequency: self.data.panel.frequency(),
            horizon: self.data.horizon,
            keep_sign: self.settings.keep_sign,
            members,
            selection,
        };
        Ok(FittedAutoPredictor::new(model, models))
    }

    /// Trains the members that have a weight on everything, as far as time allows.
    fn refit(&mut self, weights: &Weights, run: &mut Run) -> Result<Vec<Finals>, FitError> {
        let used = |at: usize| weights.iter().any(|weights| weights[at] > 0.0);
        for member in &self.members {
            self.clock.take_back(member.again());
        }
        let members = || self.members.iter().enumerate().filter(|(at, _)| used(*at));
        self.clock.promise(members().map(|(_, member)| member.ask).sum());
        let mut needed: f64 = members()
            .filter(|(_, member)| is_global(&member.algorithm))
            .map(|(_, member)| member.fit)
            .sum();
        let mut finals: Vec<Finals> = self.members.iter().map(|_| Finals::new()).collect();
        for at in (0..self.members.len()).filter(|&at| used(at)) {
            let member = &self.members[at];
            let mut algorithm = member.algorithm.clone();
            let fitted = if is_global(&algorithm) {
                let share = (0.95 * self.clock.free(run) / needed).min(1.0);
                needed -= member.fit;
                if share < REFIT {
                    continue;
                }
                if share < 1.0 {
                    let epochs = algorithm.epochs().unwrap_or(1) as f64 * share;
                    algorithm = with_epochs(&algorithm, (epochs as u64).max(1));
                }
                // All but what the others need.
                let (training, seconds) = (member.training, self.clock.free(run) - share * needed);
                self.final_training(&algorithm, training, seconds, run)
            } else {
                algorithm.fit(self.data, run)
            };
            match fitted {
                Ok(model) => finals[at].push(model),
                Err(error) if error.is_cancelled() => return Err(error),
                // What was measured forecasts as well.
                Err(error) => {
                    let name = self.members[at].algorithm.name();
                    let message = format!("{name} was not trained on everything: {error}");
                    run.emit(Progress::Warning { message });
                }
            }
            if run.is_cancelled() {
                return Err(FitError::Cancelled);
            }
        }
        Ok(finals)
    }

    /// A training of a network on everything.
    fn final_training(
        &mut self,
        algorithm: &AnyAlgorithm,
        training: usize,
        seconds: f64,
        run: &mut Run,
    ) -> Result<Box<dyn Forecaster>, FitError> {
        let name = folder("final", algorithm, training);
        self.folders.push(name.clone());
        part(run, &name, seconds, |run| algorithm.fit(self.data, run))
    }

    /// Time that was too short to measure another training of a network is enough for one on everything, which shares the
    /// weight of the one that was measured: the mean of several seeds errs less than one of them (Lakshminarayanan, Pritzel &
    /// Blundell 2017, "Simple and scalable predictive uncertainty estimation using deep ensembles").
    fn with_other_seeds(
        &mut self,
        weights: &Weights,
        finals: &mut [Finals],
        run: &mut Run,
    ) -> Result<(), FitError> {
        if !self.clock.is_limited() {
            return Ok(());
        }
        let weight = |at: usize| weights.iter().map(|own| own[at]).fold(0.0, f64::max);
        let mut networks: Vec<usize> = (0..self.members.len())
            .filter(|&at| is_global(&self.members[at].algorithm) && !finals[at].is_empty())
            .collect();
        networks.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)));
        // Of each algorithm the training with the largest weight.
        let mut seen: Vec<&AnyAlgorithm> = Vec::new();
        networks.retain(|&at| {
            let new = !seen.contains(&&self.members[at].algorithm);
            seen.push(&self.members[at].algorithm);
            new
        });
        for training in 2..=self.settings.trainings.get() {
            for &at in &networks {
                let member = &self.members[at];
                let measured =
                    |one: &Member| one.training == training && one.algorithm == member.algorithm;
                let needed = 1.15 * member.fit + member.ask;
                if self.members.iter().any(measured) || needed > self.clock.free(run) {
                    continue;
                }
                let (algorithm, ask) = (member.algorithm.clone(), member.ask);
                self.clock.promise(ask);
                let seconds = self.clock.free(run);
                match self.final_training(&algorithm, training, seconds, run) {
                    Ok(model) => finals[at].push(model),
                    Err(error) if error.is_cancelled() => return Err(error),
                    Err(error) => {
                        let name = algorithm.name();
                        let message = format!("{name} was not trained once more: {error}");
                        run.emit(Progress::Warning { message });
                        return Ok(());
                    }
                }
                if run.is_cancelled() {
                    return Err(FitError::Cancelled);
                }
            }
        }
        Ok(())
    }

    fn selection(&self, weights: &Weights, value: f64, finals: &[usize]) -> Selection {
        let of = |group: Group| {
            let own = |series: &&Series| Group::of(series.target()) == group;
            (group, self.data.panel.series().iter().filter(own).count())
        };
        let groups: Vec<_> = Group::ALL.map(of).into_iter().filter(|(_, n)| *n > 0).collect();
        let contender = |(at, member): (usize, &Member)| Contender {
            algorithm: member.algorithm.clone(),
            training: member.training,
            value: member.value,
            weights: groups.iter().map(|(group, _)| weights[group.index()][at]).collect(),
            finals: finals[at],
            seconds: Some((member.fit, member.measured)),
        };
        let measured_on = if self.held.len() == 0 {
            "nothing: the series are too short to hold a horizon back".to_owned()
        } else {
            let (windows, horizon) = (self.windows, self.data.horizon);
            let series = self.held.pasts[0].len();
            format!("the last {windows} times {horizon} steps of {series} series")
        };
        Selection {
            metric_name: self.settings.optimization_metric.name().to_owned(),
            measured_on,
            value: value.is_finite().then_some(value),
            contenders: self.members.iter().enumerate().map(contender).collect(),
            groups: groups.clone(),
            left_out: self.left_out.clone(),
            tunings: self.tunings.clone(),
        }
    }
}
