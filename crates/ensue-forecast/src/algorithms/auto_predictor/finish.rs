//! The end of a competition: choosing, training on everything, telling.

use ensue_core::{Progress, Run, Series};
use ensue_nn::search::forget_choice;

use super::{
    Combination, FittedAutoPredictor,
    candidates::{epochs, is_global},
    clock::part,
    ensemble::{self, Weights},
    fitted::Model,
    groups::Group,
    race::{Member, Race, folder, name, with_epochs},
    report::{Contender, Selection},
};
use crate::{AnyAlgorithm, FitError, Forecaster, predictor::remove_checkpoints};

/// Share of its epochs below which a training on everything is worse than the one that was measured on a little less.
const REFIT: f64 = 0.35;

/// The trainings of one algorithm that have a weight. On everything they are alike, whatever their luck on what was held back:
/// their weights are put together.
struct Team {
    /// Places of its members, the best first.
    members: Vec<usize>,
    /// Trained on everything, with equal shares of the weight.
    models: Vec<Box<dyn Forecaster>>,
}

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
        // One that only was what could be fitted has not been measured.
        let measured = self.members.iter().all(|member| member.value.is_finite());
        let value = measured.then(|| ensemble::value(&self.held, &values, &weights));
        let mut teams = self.refit(&weights, run)?;
        self.with_other_seeds(&weights, &mut teams, run)?;
        let selection = self.selection(&weights, value, &teams);
        let mut measured: Vec<Option<Member>> = self.members.into_iter().map(Some).collect();
        let (mut members, mut models) = (Vec::new(), Vec::new());
        for team in teams {
            let weight = team.weight(&weights);
            let share = (team.models.len() as f64).recip();
            let own = team.members.iter().filter_map(|&at| Some((at, measured[at].take()?)));
            let own: Vec<(usize, Member)> = own.collect();
            if team.models.is_empty() {
                // What was measured forecasts as well.
                for (at, member) in own {
                    let weight = Group::ALL.map(|group| weights[group.index()][at]);
                    members.push((member.algorithm, weight));
                    models.push(member.model);
                }
            } else {
                let each = (own[0].1.algorithm.clone(), weight.map(|weight| share * weight));
                members.extend(team.models.iter().map(|_| each.clone()));
                models.extend(team.models);
            }
        }
        if let Some(policy) = run.checkpoint.as_ref().filter(|policy| !policy.keep) {
            for search in &self.searches {
                forget_choice(&policy.dir.join(search));
            }
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

    /// Trains the algorithms that have a weight on everything, once, as far as time allows.
    fn refit(&mut self, weights: &Weights, run: &mut Run) -> Result<Vec<Team>, FitError> {
        let mut teams: Vec<Team> = Vec::new();
        for (at, member) in self.members.iter().enumerate() {
            self.clock.take_back(member.again());
            if weights.iter().all(|weights| weights[at] == 0.0) {
                continue;
            }
            self.clock.promise(member.ask);
            let same =
                |team: &&mut Team| self.members[team.members[0]].algorithm == member.algorithm;
            match teams.iter_mut().find(same) {
                Some(team) => team.members.push(at),
                None => teams.push(Team { members: vec![at], models: Vec::new() }),
            }
        }
        let first = |team: &Team| &self.members[team.members[0]];
        let networks = teams.iter().map(first).filter(|member| is_global(&member.algorithm));
        let mut needed: f64 = networks.map(|member| member.fit).sum();
        for team in &mut teams {
            let member = &self.members[team.members[0]];
            let mut algorithm = member.algorithm.clone();
            let fitted = if is_global(&algorithm) {
                let share = (0.95 * self.clock.free(run) / needed).min(1.0);
                needed -= member.fit;
                if share < REFIT {
                    continue;
                }
                if share < 1.0 {
                    let epochs = epochs(&algorithm, self.data) as f64 * share;
                    algorithm = with_epochs(&algorithm, (epochs as u64).max(1));
                }
                // All but what the others need.
                let seconds = self.clock.free(run) - share * needed;
                self.final_training(&algorithm, 1, seconds, run)
            } else {
                algorithm.fit(self.data, run)
            };
            match fitted {
                Ok(model) => team.models.push(model),
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => {
                    let message =
                        format!("{} was not trained on everything: {error}", algorithm.name());
                    run.emit(Progress::Warning { message });
                }
            }
            if run.is_cancelled() {
                return Err(FitError::Cancelled);
            }
        }
        Ok(teams)
    }

    /// A training of a network on everything.
    fn final_training(
        &mut self,
        algorithm: &AnyAlgorithm,
        training: usize,
        seconds: f64,
        run: &mut Run,
    ) -> Result<Box<dyn Forecaster>, FitError> {
        let name = name("final", algorithm, training);
        let folder = folder("final", algorithm, training);
        self.folders.push(folder.clone());
        part(run, &name, &folder, seconds, |run| algorithm.fit(self.data, run))
    }

    /// Trains networks with other seeds, as far as the settings and time allow: the mean of several seeds errs less than one of
    /// them (Lakshminarayanan, Pritzel & Blundell 2017, "Simple and scalable predictive uncertainty estimation using deep
    /// ensembles"). Next is always the one of which a single training has the largest weight.
    fn with_other_seeds(
        &mut self,
        weights: &Weights,
        teams: &mut [Team],
        run: &mut Run,
    ) -> Result<(), FitError> {
        let most = self.settings.final_trainings.get();
        loop {
            let share = |team: &Team| {
                team.weight(weights).into_iter().fold(0.0, f64::max) / team.models.len() as f64
            };
            let free = self.clock.free(run);
            let open = |team: &&mut Team| {
                let member = &self.members[team.members[0]];
                is_global(&member.algorithm)
                    && (1..most).contains(&team.models.len())
                    && 1.15 * member.fit + member.ask <= free
            };
            let next = teams.iter_mut().filter(open).max_by(|a, b| share(a).total_cmp(&share(b)));
            let Some(team) = next else { return Ok(()) };
            let member = &self.members[team.members[0]];
            self.clock.promise(member.ask);
            let (algorithm, seconds) = (member.algorithm.clone(), self.clock.free(run));
            match self.final_training(&algorithm, team.models.len() + 1, seconds, run) {
                Ok(model) => team.models.push(model),
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => {
                    let message =
                        format!("{} was not trained once more: {error}", algorithm.name());
                    run.emit(Progress::Warning { message });
                    return Ok(());
                }
            }
            if run.is_cancelled() {
                return Err(FitError::Cancelled);
            }
        }
    }

    fn selection(&self, weights: &Weights, value: Option<f64>, teams: &[Team]) -> Selection {
        let finals = |at| {
            let team = teams.iter().find(|team| team.members.contains(&at));
            team.map_or(0, |team| team.models.len())
        };
        let of = |group: Group| {
            let own = |series: &&Series| Group::of(series.target()) == group;
            (group, self.data.panel.series().iter().filter(own).count())
        };
        let groups: Vec<_> = Group::ALL.map(of).into_iter().filter(|(_, n)| *n > 0).collect();
        let contender = |(at, member): (usize, &Member)| Contender {
            algorithm: member.algorithm.clone(),
            training: member.training,
            value: Some(member.value).filter(|value| value.is_finite()),
            weights: groups.iter().map(|(group, _)| weights[group.index()][at]).collect(),
            finals: finals(at),
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
            value: value.filter(|value| value.is_finite()),
            contenders: self.members.iter().enumerate().map(contender).collect(),
            groups: groups.clone(),
            left_out: self.left_out.clone(),
            tunings: self.tunings.clone(),
        }
    }
}

impl Team {
    /// By place in [`Group::ALL`].
    fn weight(&self, weights: &Weights) -> [f64; 4] {
        Group::ALL.map(|group| self.members.iter().map(|&at| weights[group.index()][at]).sum())
    }
}
