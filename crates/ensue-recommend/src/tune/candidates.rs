//! Recipes that compete, as one space.

use ensue_tune::{Assignment, Condition, Domain, Parameter, Space, Value};

use super::{Hpo, LeftOut, Ranges};
use crate::{AnyRecipe, SettingsError, SolutionError, TrainingData};

/// Name of the hyperparameter that says which recipe a trial is of, where several compete.
pub(super) const RECIPE: &str = "recipe";

/// The recipes that the data permit.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Each with its space.
    recipes: Vec<(AnyRecipe, Space)>,
    pub(super) left_out: Vec<LeftOut>,
    /// Over all of them.
    pub(super) space: Space,
}

impl Candidates {
    pub(super) fn new(
        own: &AnyRecipe,
        hpo: &Hpo,
        data: &TrainingData,
    ) -> Result<Self, SolutionError> {
        let asked = if hpo.recipes.is_empty() { std::slice::from_ref(own) } else { &hpo.recipes };
        let (mut recipes, mut left_out) = (Vec::new(), Vec::new());
        for recipe in asked {
            recipe.check()?;
            let of_recipe = |space: &Option<Space>| space.clone();
            let space = of_recipe(&hpo.space).unwrap_or_else(|| recipe.space(hpo.ranges));
            match unsuited(recipe, data) {
                // Somebody who asks for one recipe is told when it is fitted.
                Some(reason) if asked.len() > 1 => {
                    left_out.push(LeftOut { recipe: recipe.name().to_owned(), reason });
                }
                _ => recipes.push((recipe.clone(), space)),
            }
        }
        let space = match &recipes[..] {
            [] => {
                let reasons = left_out.iter().map(|out| format!("{}: {}", out.recipe, out.reason));
                let rule = reasons.collect::<Vec<_>>().join("; ");
                return Err(SolutionError::Hpo {
                    field: "recipes",
                    value: "none fits".into(),
                    rule,
                });
            }
            [(_, space)] => space.clone(),
            several => joined(several)?,
        };
        Ok(Self { recipes, left_out, space })
    }

    pub(super) fn recipes(&self) -> impl Iterator<Item = &AnyRecipe> {
        self.recipes.iter().map(|(recipe, _)| recipe)
    }

    /// The settings as they were given, of each recipe, where the space holds them.
    pub(super) fn given(&self) -> Vec<Assignment> {
        let several = self.recipes.len() > 1;
        let given = self.recipes.iter().filter_map(|(recipe, space)| {
            let own = space.normalize(recipe.assignment(space)).ok()?;
            if !several {
                return Some(own);
            }
            let prefixed = |(name, value): (String, Value)| (within(recipe, &name), value);
            let mut all = Assignment(own.0.into_iter().map(prefixed).collect());
            all.set(RECIPE, recipe.name());
            Some(all)
        });
        given.filter(|assignment| self.space.check(assignment).is_ok()).collect()
    }

    /// The recipe with the settings of a trial.
    pub(super) fn recipe(&self, assignment: &Assignment) -> Result<AnyRecipe, SettingsError> {
        let Some((first, _)) = self.recipes.first() else { unreachable!("never empty") };
        let Some(name) = assignment.text(RECIPE).filter(|_| self.recipes.len() > 1) else {
            return first.with(assignment);
        };
        let recipe = self.recipes().find(|recipe| recipe.name() == name).unwrap_or(first);
        let start = within(recipe, "");
        let own = assignment.0.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(&start)?.to_owned(), value.clone()))
        });
        recipe.with(&Assignment(own.collect()))
    }

    /// Name of the recipe that a trial is of.
    pub(super) fn name_of(&self, assignment: &Assignment) -> &'static str {
        let asked = assignment.text(RECIPE);
        let found = self.recipes().find(|recipe| asked.is_none_or(|name| name == recipe.name()));
        found.map_or("", AnyRecipe::name)
    }
}

/// Name of a recipe's setting in the space over several.
fn within(recipe: &AnyRecipe, name: &str) -> String {
    format!("{}/{name}", recipe.name())
}

/// One space: which recipe, and the settings of that one.
fn joined(recipes: &[(AnyRecipe, Space)]) -> Result<Space, SolutionError> {
    let names = recipes.iter().map(|(recipe, _)| Value::from(recipe.name()));
    let which = Domain::Categorical { choices: names.collect() };
    let mut parameters = vec![Parameter { name: RECIPE.to_owned(), domain: which, only_if: None }];
    for (recipe, space) in recipes {
        for parameter in space.parameters() {
            let is = vec![Value::from(recipe.name())];
            parameters.push(Parameter {
                name: within(recipe, &parameter.name),
                domain: parameter.domain.clone(),
                only_if: Some(Condition { parameter: RECIPE.to_owned(), is }),
            });
        }
    }
    Space::from_parameters(parameters).map_err(|error| SolutionError::Hpo {
        field: "recipes",
        value: "given".to_owned(),
        rule: error.to_string(),
    })
}

/// Why the data do not permit a recipe.
fn unsuited(recipe: &AnyRecipe, data: &TrainingData) -> Option<String> {
    let described = |table: &Option<std::sync::Arc<ensue_data::MetadataTable>>| {
        table.as_ref().is_some_and(|table| table.columns().next().is_some())
    };
    match recipe {
        AnyRecipe::HrnnMetadata(_) => {
            let any = [&data.item_table, &data.user_table, &data.context_table];
            let none = !any.into_iter().any(described);
            none.then(|| "the data have no metadata, so it would be HRNN".to_owned())
        }
        AnyRecipe::HrnnColdstart(settings) => {
            if !described(&data.item_table) {
                return Some("the data have no metadata of items".to_owned());
            }
            let cold = settings.cold_items(data).into_iter().filter(|&cold| cold).count();
            let (least, most) = (settings.min_cold_items, settings.max_cold_items);
            let unfit = !(least..=most).contains(&cold);
            unfit.then(|| format!("{cold} items are cold, and {least} to {most} must be"))
        }
        AnyRecipe::PersonalizedRanking(_) => {
            Some("it orders given lists and does not find items".to_owned())
        }
        _ => None,
    }
}

impl AnyRecipe {
    /// What a search varies; empty for a recipe without settings that pay to tune.
    pub fn space(&self, ranges: Ranges) -> Space {
        match self {
            Self::Hrnn(_)
            | Self::HrnnMetadata(_)
            | Self::HrnnColdstart(_)
            | Self::PersonalizedRanking(_) => super::ranges::network(ranges),
            Self::Sims(_) => super::ranges::pairs(ranges),
            Self::Markov(_) | Self::PopularityCount(_) => Space::default(),
        }
    }
}
