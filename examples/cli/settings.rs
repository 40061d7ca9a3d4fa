//! From a settings file and flags to a plan: the file is a tree of values, a flag replaces one leaf.
//!
//! ```toml
//! evaluation = "last-item"
//!
//! [recipe]
//! recipe = "aws-hrnn"
//! hidden_dimension = 64
//!
//! [import]
//! min_interactions = 100
//! ```

use std::path::Path;

use ensue::prelude::*;
use serde_json::{Map, Value, json};

use crate::options::{Settings, TrainOptions};
use crate::{About, AnyError};

const DEFAULT_RECIPE: &str = "aws-hrnn";

/// What to train, and which rules its tables must keep.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) solution: Solution,
    pub(crate) rules: ImportRules,
}

/// The settings file, overridden by flags.
pub(crate) fn plan(options: &TrainOptions) -> Result<Plan, AnyError> {
    let mut tree = options.settings.file.as_deref().map_or_else(|| Ok(json!({})), read)?;
    if let Some(recipe) = &options.recipe {
        // Settings of another recipe make no sense to this one.
        if tree.pointer("/recipe/recipe").is_some_and(|named| named != recipe.as_str()) {
            tree["recipe"] = json!({});
        }
        set(&mut tree, "recipe.recipe", json!(recipe))?;
    } else if tree.pointer("/recipe/recipe").is_none() {
        set(&mut tree, "recipe.recipe", json!(DEFAULT_RECIPE))?;
    }
    if let Some(mode) = options.evaluation {
        set(&mut tree, "evaluation", json!(mode))?;
    }
    options.search.set(&mut tree)?;
    if options.auto {
        set(&mut tree, "hpo.recipes", json!(Hpo::auto_ml().recipes))?;
    }
    set_named(&mut tree, &options.settings)?;
    let rules = take_rules(&mut tree)?;
    let solution = serde_json::from_value(tree).map_err(|error| format!("settings: {error}"))?;
    Ok(Plan { solution, rules })
}

/// The import rules alone, for a table to measure on, which may be of any size.
pub(crate) fn rules(settings: &Settings) -> Result<ImportRules, AnyError> {
    let mut tree = settings.file.as_deref().map_or_else(|| Ok(json!({})), read)?;
    set(&mut tree, "import.min_interactions", json!(1))?;
    set(&mut tree, "import.min_users_with_two", json!(1))?;
    set_named(&mut tree, settings)?;
    take_rules(&mut tree)
}

pub(crate) fn set_named(tree: &mut Value, settings: &Settings) -> Result<(), AnyError> {
    for (name, text) in &settings.named {
        // What is not a number, boolean or the like is taken as text, so that no quotes are needed.
        set(tree, name, serde_json::from_str(text).unwrap_or_else(|_| json!(text)))?;
    }
    Ok(())
}

fn take_rules(tree: &mut Value) -> Result<ImportRules, AnyError> {
    let rules = tree.as_object_mut().and_then(|tree| tree.remove("import"));
    let rules = rules.map(serde_json::from_value).transpose();
    Ok(rules.map_err(|error| format!("settings: import: {error}"))?.unwrap_or_default())
}

pub(crate) fn read(path: &Path) -> Result<Value, AnyError> {
    let text = std::fs::read_to_string(path).map_err(|error| About::file(path, error))?;
    let tree: Value = if path.extension().is_some_and(|extension| extension == "json") {
        serde_json::from_str(&text).map_err(|error| About::file(path, error))?
    } else {
        toml::from_str(&text).map_err(|error| About::file(path, error))?
    };
    if tree.is_object() {
        Ok(tree)
    } else {
        Err(About::file(path, "it holds no table of settings"))?
    }
}

/// Replaces the leaf that a dotted name leads to, and makes the tables on the way.
pub(crate) fn set(tree: &mut Value, name: &str, value: Value) -> Result<(), AnyError> {
    let mut place = tree;
    for part in name.split('.') {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let table = place
            .as_object_mut()
            .ok_or_else(|| format!("setting {name}: not a table of settings"))?;
        place = table.entry(part).or_insert(Value::Null);
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Oracle: the tree by hand.
    #[test]
    fn a_dotted_name_leads_to_its_leaf() {
        let mut tree = json!({"recipe": {"recipe": "aws-hrnn", "bptt": 32}});
        set(&mut tree, "recipe.bptt", json!(16)).unwrap();
        set(&mut tree, "import.min_interactions", json!(1)).unwrap();
        let expected = json!({"recipe": {"recipe": "aws-hrnn", "bptt": 16}, "import": {"min_interactions": 1}});
        assert_eq!(tree, expected);
    }

    // Oracle: a leaf cannot hold another leaf.
    #[test]
    fn a_name_through_a_leaf_is_refused() {
        let mut tree = json!({"evaluation": "last-item"});
        let error = set(&mut tree, "evaluation.mode", json!(1)).unwrap_err();
        assert_eq!(error.to_string(), "setting evaluation.mode: not a table of settings");
    }
}
