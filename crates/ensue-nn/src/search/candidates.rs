//! Recipes or algorithms that compete, as one space.

use ensue_tune::{
    Assignment, Condition, Domain, Parameter, Space, SpaceError, Trial, TrialState, Value,
};

use super::{Candidate, LeftOut, Tunable, TunedError, steps_of};

/// Nothing competes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCandidates {
    /// The data permit none, for these reasons.
    #[error("the data permit none of them: {0}")]
    None(String),
    /// Something is varied that is no setting, or that the search sets itself.
    #[error("{name} has no setting {setting} that a search may vary")]
    Setting {
        /// The recipe or algorithm.
        name: &'static str,
        /// The name in the space.
        setting: String,
    },
    /// They make no space together.
    #[error(transparent)]
    Space(#[from] SpaceError),
}

/// Settings that compete, each with what may be varied of it. Where there are several, one hyperparameter, called by the
/// settings' tag, says which, and each one's own are called `name/setting`.
#[derive(Debug, Clone)]
pub struct Candidates<T> {
    several: Vec<(T, Space)>,
    space: Space,
    left_out: Vec<LeftOut>,
}

impl<T: Tunable> Candidates<T> {
    /// Those of `asked` that suit the data: `unsuited` gives a reason against one. One alone is always taken: what is wrong
    /// with it shows when it is fitted.
    ///
    /// # Errors
    /// [`NoCandidates`] when none suits, two have one name, or a space has a name that is no setting.
    pub fn new(
        asked: &[T],
        space: impl Fn(&T) -> Space,
        unsuited: impl Fn(&T) -> Option<String>,
    ) -> Result<Self, NoCandidates> {
        let (mut several, mut left_out) = (Vec::new(), Vec::new());
        for one in asked {
            for parameter in space(one).parameters() {
                let setting = parameter.name.clone();
                if !one.has(&setting) || T::KEPT.contains(&setting.as_str()) {
                    return Err(NoCandidates::Setting { name: one.name(), setting });
                }
            }
            match unsuited(one).filter(|_| asked.len() > 1) {
                Some(reason) => left_out.push(LeftOut { name: one.name().to_owned(), reason }),
                None => several.push((one.clone(), space(one))),
            }
        }
        let space = match &several[..] {
            [] => {
                let reasons = left_out.iter().map(|out| format!("{}: {}", out.name, out.reason));
                return Err(NoCandidates::None(reasons.collect::<Vec<_>>().join("; ")));
            }
            [(_, space)] => space.clone(),
            several => joined(several)?,
        };
        Ok(Self { several, space, left_out })
    }

    /// What trials are drawn from.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Those that compete.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.several.iter().map(|(one, _)| one)
    }

    /// Those that do not.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The settings as they were given, of each, where its space holds them.
    pub fn given(&self) -> Vec<Assignment> {
        let given = self.several.iter().filter_map(|(one, space)| {
            let own = space.normalize(one.values(space)).ok()?;
            if self.several.len() == 1 {
                return Some(own);
            }
            let prefixed = |(name, value): (String, Value)| (within(one, &name), value);
            let mut all = Assignment(own.0.into_iter().map(prefixed).collect());
            all.set(T::TAG, one.name());
            Some(all)
        });
        given.filter(|assignment| self.space.check(assignment).is_ok()).collect()
    }

    /// The settings of a trial.
    ///
    /// # Errors
    /// [`TunedError`] when a value is of no setting.
    pub fn settings(&self, assignment: &Assignment) -> Result<T, TunedError> {
        let one = self.of(assignment);
        if self.several.len() == 1 {
            return one.with_values(assignment);
        }
        let start = within(one, "");
        let own = assignment.0.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(&start)?.to_owned(), value.clone()))
        });
        one.with_values(&Assignment(own.collect()))
    }

    /// The one that a trial is of; the first where it does not say.
    fn of(&self, assignment: &Assignment) -> &T {
        let (first, _) = self.several.first().expect("there is one at least");
        let name = assignment.text(T::TAG).filter(|_| self.several.len() > 1);
        name.and_then(|name| self.all().find(|one| one.name() == name)).unwrap_or(first)
    }

    /// How each did, best first; `loss` orders the values of trials.
    pub(super) fn results(&self, trials: &[Trial], loss: impl Fn(f64) -> f64) -> Vec<Candidate> {
        let of = |one: &T| {
            let name = one.name();
            let own = || trials.iter().filter(|trial| self.of(&trial.assignment).name() == name);
            let complete = || own().filter(|trial| trial.state == TrialState::Complete);
            let values = complete().filter_map(|trial| trial.values.first().copied());
            Candidate {
                name: name.to_owned(),
                value: values.min_by(|a, b| loss(*a).total_cmp(&loss(*b))),
                trials: own().count(),
                complete: complete().count(),
                steps: own().map(steps_of).sum(),
                seconds: own().map(|trial| trial.seconds).sum(),
            }
        };
        let mut results: Vec<Candidate> = self.all().map(of).collect();
        let order = |one: &Candidate| one.value.map_or(f64::INFINITY, &loss);
        results.sort_by(|a, b| order(a).total_cmp(&order(b)));
        results
    }
}

/// Name of a setting in the space over several.
fn within(one: &impl Tunable, name: &str) -> String {
    format!("{}/{name}", one.name())
}

/// One space: which, and the settings of that one.
fn joined<T: Tunable>(several: &[(T, Space)]) -> Result<Space, SpaceError> {
    let names = several.iter().map(|(one, _)| Value::from(one.name()));
    let which = Domain::Categorical { choices: names.collect() };
    let mut parameters = vec![Parameter { name: T::TAG.to_owned(), domain: which, only_if: None }];
    for (one, space) in several {
        for parameter in space.parameters() {
            let only = Condition { parameter: T::TAG.to_owned(), is: vec![one.name().into()] };
            // A condition of its own would be a second one: it holds within its recipe or algorithm alone.
            let only_if = Some(parameter.only_if.as_ref().map_or(only, |own| Condition {
                parameter: within(one, &own.parameter),
                is: own.is.clone(),
            }));
            let (name, domain) = (within(one, &parameter.name), parameter.domain.clone());
            parameters.push(Parameter { name, domain, only_if });
        }
    }
    Space::from_parameters(parameters)
}
