//! Which recipes the data permit, and what each may vary.

use std::sync::Arc;

use ensue_data::MetadataTable;
use ensue_nn::search::{Candidates, Tunable};
use ensue_tune::{Assignment, Space};

use super::{Hpo, Ranges, ranges};
use crate::{AnyRecipe, SettingsError, SolutionError, TrainingData};

impl Tunable for AnyRecipe {
    const TAG: &'static str = "recipe";
    const KEPT: &'static [&'static str] = &["validation_share", "patience"];

    fn name(&self) -> &'static str {
        Self::name(self)
    }
}

impl AnyRecipe {
    /// The same recipe with other values of some settings, by their names in a settings file.
    ///
    /// ```
    /// use ensue_recommend::{AnyRecipe, tune::Assignment};
    /// let mut wanted = Assignment::default();
    /// wanted.set("hidden_dimension", 64);
    /// let recipe = AnyRecipe::by_name("aws-hrnn")?.with(&wanted)?;
    /// wanted.set("hidden_dimensions", 64);
    /// assert!(recipe.with(&wanted).is_err());
    /// # Ok::<(), ensue_recommend::SettingsError>(())
    /// ```
    ///
    /// # Errors
    /// [`SettingsError`] when the recipe has no such setting, or a value is not acceptable.
    pub fn with(&self, assignment: &Assignment) -> Result<Self, SettingsError> {
        let changed = self.with_values(assignment)?;
        changed.check()?;
        Ok(changed)
    }

    /// What a search varies; empty for a recipe without settings that pay to tune.
    pub fn space(&self, ranges: Ranges) -> Space {
        match self {
            Self::Hrnn(_)
            | Self::HrnnMetadata(_)
            | Self::HrnnColdstart(_)
            | Self::PersonalizedRanking(_) => ranges::network(ranges),
            Self::Sims(_) => ranges::pairs(ranges),
            Self::Markov(_) | Self::PopularityCount(_) => Space::default(),
        }
    }

    /// Whether it can measure itself after each epoch.
    pub(super) fn measures_itself(&self) -> bool {
        self.has("validation_share")
    }
}

/// The recipes that compete.
pub(super) fn candidates(
    own: &AnyRecipe,
    hpo: &Hpo,
    data: &TrainingData,
) -> Result<Candidates<AnyRecipe>, SolutionError> {
    let asked = if hpo.recipes.is_empty() { std::slice::from_ref(own) } else { &hpo.recipes };
    for recipe in asked {
        recipe.check()?;
        if recipe.setting("patience").is_some_and(|patience| !patience.is_null()) {
            let (field, rule) = ("patience", "must be left out: a trial runs to its last epoch");
            return Err(SettingsError::field(recipe.name(), field, "given", rule).into());
        }
    }
    let space = |recipe: &AnyRecipe| hpo.space.clone().unwrap_or_else(|| recipe.space(hpo.ranges));
    let candidates = Candidates::new(asked, space, |recipe| unsuited(recipe, data));
    candidates.map_err(|error| SolutionError::Hpo {
        field: "recipes",
        value: asked.iter().map(AnyRecipe::name).collect::<Vec<_>>().join(", "),
        rule: error.to_string(),
    })
}

/// Why the data do not permit a recipe.
fn unsuited(recipe: &AnyRecipe, data: &TrainingData) -> Option<String> {
    let described = |table: &Option<Arc<MetadataTable>>| {
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
