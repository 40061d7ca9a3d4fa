//! One folder for each recipe, and the registry that knows them all.
//!
//! A new recipe is a folder here, its `pub mod` line and one line of `registry!` below: that line gives the variant of
//! [`AnyRecipe`], the name in settings files and on the command line, loading by that name, and the conformance suite.

pub mod hrnn;
pub mod hrnn_coldstart;
pub mod hrnn_metadata;
pub mod markov;
mod overlay;
pub mod personalized_ranking;
pub mod popularity_count;
pub mod sims;

use ensue_core::{Run, artifact::ArtifactReader};
use serde::{Deserialize, Serialize};

use crate::{FitError, LoadError, Recipe, Recommend, SettingsError, TrainingData};

/// Generates [`AnyRecipe`] and the conformance tests from one line a recipe: `module: Settings = "name"`.
macro_rules! registry {
    ($($(#[$about:meta])* $module:ident: $recipe:ident = $name:literal),+ $(,)?) => {
        /// The settings of any recipe; in JSON the field `recipe` names it.
        ///
        /// ```
        /// use ensue_recommend::AnyRecipe;
        /// let recipe: AnyRecipe = serde_json::from_str(r#"{"recipe": "aws-popularity-count", "count_by": "events"}"#)?;
        /// assert_eq!(recipe.name(), "aws-popularity-count");
        /// # Ok::<(), serde_json::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "recipe")]
        pub enum AnyRecipe {
            $($(#[$about])* #[serde(rename = $name)] $recipe($module::$recipe),)+
        }

        impl AnyRecipe {
            /// Names of all recipes.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The recipe called `name`, with default settings.
            ///
            /// # Errors
            /// [`SettingsError::UnknownRecipe`] lists the names there are.
            pub fn by_name(name: &str) -> Result<Self, SettingsError> {
                match name {
                    $($name => Ok(Self::$recipe(Default::default())),)+
                    _ => Err(SettingsError::UnknownRecipe {
                        name: name.to_owned(),
                        known: Self::NAMES.join(", "),
                    }),
                }
            }

            /// Name of the recipe.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$recipe(_) => $name,)+ }
            }

            /// As [`Recipe::check`].
            ///
            /// # Errors
            /// As [`Recipe::check`].
            pub fn check(&self) -> Result<(), SettingsError> {
                match self { $(Self::$recipe(settings) => settings.check(),)+ }
            }

            /// As [`Recipe::fit`].
            ///
            /// # Errors
            /// As [`Recipe::fit`].
            pub fn fit(&self, data: &TrainingData, run: &mut Run) -> Result<Box<dyn Recommend>, FitError> {
                match self { $(Self::$recipe(settings) => Ok(Box::new(settings.fit(data, run)?)),)+ }
            }

            /// As [`Recipe::load`].
            ///
            /// # Errors
            /// As [`Recipe::load`].
            pub fn load(&self, reader: &ArtifactReader, device: &str) -> Result<Box<dyn Recommend>, LoadError> {
                match self { $(Self::$recipe(settings) => Ok(Box::new(settings.load(reader, device)?)),)+ }
            }
        }

        $(
            impl From<$module::$recipe> for AnyRecipe {
                fn from(settings: $module::$recipe) -> Self {
                    Self::$recipe(settings)
                }
            }
        )+

        #[cfg(test)]
        mod registry_tests {
            $(mod $module {
                crate::conformance::conformance_suite!(crate::recipes::$module::$recipe, $name);
            })+
        }
    };
}

registry! {
    /// Recurrent network over each user's stream of events.
    hrnn: Hrnn = "aws-hrnn",
    /// HRNN with fields of items, users and moments.
    hrnn_metadata: HrnnMetadata = "aws-hrnn-metadata",
    /// HRNN for items that are new, by their fields.
    hrnn_coldstart: HrnnColdstart = "aws-hrnn-coldstart",
    /// Puts a given list into the order of a user's taste.
    personalized_ranking: PersonalizedRanking = "aws-personalized-ranking",
    /// First-order Markov chain: what followed the last item most often.
    markov: Markov = "markov",
    /// The items most people had.
    popularity_count: PopularityCount = "aws-popularity-count",
    /// Items that go with an item, because the same people had both.
    sims: Sims = "aws-sims",
}
