//! What filters mean, what they refuse, and that they agree with an evaluation item by item.

mod meaning;
mod oracle;
mod refusals;

use std::collections::BTreeMap;

use ensue_core::Run;
use ensue_data::{DatasetGroup, FieldValues, ImportRequest, ImportRules, Schema, Source};

use super::*;

const INTERACTIONS: &str = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,DEVICE,HOUR
ann,a,10,Click,1,tv,8
ann,b,20,Purchase,5,phone,20
ann,c,30,Click,,tv,
ann,a,40,Rating,4.5,,
bob,d,15,Click,2,tv|phone,9
bob,e,25,Watch,,tv,8
bob,f,35,Click,0.1,,
";
/// Item f has no row.
const ITEMS: &str = "ITEM_ID,GENRE,PRICE,NEW,CREATION_TIMESTAMP,TITLE
a,drama|comedy,2.5,true,100,Tea
b,comedy,10,false,200,Jam
c,Drama,,,300,Rye
d,,0.1,true,,Oat
e,action,1000,,500,Fig
";
const USERS: &str = "USER_ID,TIER,AGE,MEMBER
ann,gold|early,30,true
bob,,17,
";

fn schema(dataset: &str, fields: &str) -> Schema {
    let fields = fields.split(' ').map(|field| {
        let (name, kind) = field.split_once(':').unwrap();
        match kind {
            "categories" => {
                format!(r#"{{"name": "{name}", "type": ["null", "string"], "categorical": true}}"#)
            }
            "id" => format!(r#"{{"name": "{name}", "type": "string"}}"#),
            "time" => format!(r#"{{"name": "{name}", "type": "long"}}"#),
            "prose" => {
                format!(r#"{{"name": "{name}", "type": ["null", "string"], "textual": true}}"#)
            }
            kind => format!(r#"{{"name": "{name}", "type": ["null", "{kind}"]}}"#),
        }
    });
    let fields = fields.collect::<Vec<_>>().join(",");
    let json = format!(
        r#"{{"type": "record", "name": "{dataset}", "fields": [{fields}], "version": "1.0"}}"#
    );
    Schema::parse(&json).unwrap()
}

/// The three files above: items a to f have the ids 0 to 5, users ann and bob 0 and 1.
fn shop() -> DatasetGroup {
    let dir = tempfile::tempdir().unwrap();
    let source = |name: &str, content: &str, schema: Schema| {
        let path = dir.path().join(name);
        std::fs::write(&path, content).unwrap();
        Source::csv(path).with_schema(schema)
    };
    let interactions = schema(
        "Interactions",
        "USER_ID:id ITEM_ID:id TIMESTAMP:time EVENT_TYPE:id EVENT_VALUE:float DEVICE:categories HOUR:int",
    );
    let items = schema(
        "Items",
        "ITEM_ID:id GENRE:categories PRICE:float NEW:boolean CREATION_TIMESTAMP:long TITLE:prose",
    );
    let users = schema("Users", "USER_ID:id TIER:categories AGE:int MEMBER:boolean");
    let rules =
        ImportRules { min_interactions: 1, min_users_with_two: 1, ..ImportRules::default() };
    let request = ImportRequest::new(source("interactions.csv", INTERACTIONS, interactions))
        .with_items(source("items.csv", ITEMS, items))
        .with_users(source("users.csv", USERS, users))
        .with_rules(rules);
    DatasetGroup::import(&request, &mut Run::new("ndarray")).unwrap()
}

fn compile(group: &DatasetGroup, filter: &str) -> Result<CompiledFilter, FilterError> {
    let item_ids = |id: &str| group.items.encode(id);
    let tables = FilterTables {
        items: group.item_table.as_ref(),
        users: group.user_table.as_ref(),
        contexts: group.context_table.as_ref(),
        event_type_names: group.interactions.event_type_names(),
        has_event_values: group.interactions.has_values(),
        ..FilterTables::new(group.items.len(), &item_ids)
    };
    Filter::parse(filter)?.compile(&tables)
}

fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What a filter allows a user of the shop, as the ids of the items; `all` where it sets no limit.
fn try_allowed(
    group: &DatasetGroup,
    filter: &CompiledFilter,
    user: &str,
    given: &[(&str, &str)],
) -> Result<String, FilterError> {
    let id = group.users.encode(user);
    let fields: Option<FieldValues> =
        id.and_then(|id| group.user_table.as_ref().map(|table| table.row(id)));
    let user = FilterUser {
        fields: fields.as_ref(),
        history: id.map(|id| group.interactions.user(id)).unwrap_or_default(),
        contexts: group.context_table.as_ref(),
    };
    let allowed = filter.allowed(&user, &values(given), &|id| group.items.encode(id))?;
    Ok(allowed.map_or("all".to_owned(), |allowed| {
        assert_eq!(allowed.len(), group.items.len());
        allowed.iter().filter_map(|id| group.items.decode(id)).collect()
    }))
}

fn allowed(group: &DatasetGroup, filter: &str, user: &str, given: &[(&str, &str)]) -> String {
    let compiled = compile(group, filter).unwrap_or_else(|error| panic!("{filter}\n{error}"));
    try_allowed(group, &compiled, user, given).unwrap_or_else(|error| panic!("{filter}\n{error}"))
}
