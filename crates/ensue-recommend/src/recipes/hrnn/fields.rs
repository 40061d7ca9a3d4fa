//! Fields of items, users and moments in the network.
//!
//! ```text
//! vector of item i  = own_i v_i + rate * sum of the vectors of its fields     (in and out; the same for its bias)
//! input of event t  = vector of its item + code + type + rate * user's fields + fields of its moment
//! output            = state + rate * user's fields + fields of the moment asked about
//! score of item i   = output . vector of item i + bias of item i
//! ```
//!
//! The decoder is a factorisation machine between the state and the item with its fields (Ma et al. 2020; Rendle 2010); with
//! no fields it is plain HRNN. `own_i` is 0 for cold items, and in training for items whose vector is left out at random, so
//! that the fields learn to stand for an item alone.

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use ensue_core::{
    Bitmap, Seed,
    artifact::{ArtifactError, ArtifactReader, ArtifactWriter},
};
use ensue_data::FieldValues;
use ensue_nn::init;
use serde::{Deserialize, Serialize};

use super::{infer::values, regress::field_vectors};
use crate::{
    Context, LoadError, Query, TrainingData, columns,
    features::{Bag, Bags, Fields, sums},
};

const FIELDS: &str = "hrnn_fields.json";
const ITEMS: &str = "hrnn_items.bags";
const USERS: &str = "hrnn_users.bags";
const CONTEXTS: &str = "hrnn_contexts.bags";
const COLD: &str = "hrnn_cold.u8";

/// What the fields of an item are multiplied by. Adam's steps are of one size for all numbers, however often they are used:
/// the factor is how much slower fields learn than items. Each event moves the fields of its item, which are those of hundreds
/// of others; at the rate of the items those others never come to rest. (MovieLens-100K, NDCG@10 without fields of users:
/// .347 with 1, .359 with 0.2; plain HRNN .352.)
const ITEM_RATE: f32 = 0.2;

/// The same for fields of users. Age and occupation together nearly name a user, and what a network learns by heart about
/// one is what they have had already. (.330 with 1 and no fields of items; .344 with 0.2, .356 with 0.05 beside those of items.)
pub(super) const USER_RATE: f32 = 0.05;

/// Rows of the tables of fields; no table where it is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldRows {
    pub(super) items: usize,
    pub(super) users: usize,
    pub(super) contexts: usize,
}

/// Vectors of fields.
#[derive(Module, Debug)]
pub(super) struct FieldLevel {
    pub(super) items: Option<ItemFields>,
    pub(super) users: Option<SideFields>,
    pub(super) contexts: Option<SideFields>,
}

/// Vectors of the items' fields: part of an item's vector, in and out.
#[derive(Module, Debug)]
pub(super) struct ItemFields {
    /// `[rows, hidden]`
    vectors: Param<Tensor<2>>,
    /// `[rows, 1]`
    bias: Param<Tensor<2>>,
}

/// Vectors of what is known beside the item.
#[derive(Module, Debug)]
pub(super) struct SideFields {
    /// `[rows, hidden]`: added to inputs.
    input: Param<Tensor<2>>,
    /// `[rows, hidden]`: added to outputs.
    output: Param<Tensor<2>>,
}

impl FieldLevel {
    pub(super) fn new(rows: FieldRows, hidden: usize, seed: Seed, device: &Device) -> Self {
        let table = |rows: usize, name: &str| {
            // Small, so that an untrained network answers by what the items were.
            init::uniform([rows, hidden], 0.1 / (hidden as f64).sqrt(), seed.child(name), device)
        };
        let side = |rows: usize, name: &str| {
            (rows > 0).then(|| SideFields {
                input: table(rows, &format!("{name}/input")),
                output: table(rows, &format!("{name}/output")),
            })
        };
        Self {
            items: (rows.items > 0).then(|| ItemFields {
                vectors: table(rows.items, "items"),
                bias: Param::from_tensor(Tensor::zeros([rows.items, 1], device)),
            }),
            users: side(rows.users, "users"),
            contexts: side(rows.contexts, "contexts"),
        }
    }

    /// Vectors and biases of items from their own parts.
    ///
    /// # Shapes
    /// `own` one number an item, empty when all are 1; `vectors` `[items, hidden]`, `bias` `[items]`.
    pub(super) fn catalogue<'a>(
        &self,
        vectors: Tensor<2>,
        bias: Tensor<1>,
        own: &[f32],
        bags: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
        device: &Device,
    ) -> (Tensor<2>, Tensor<1>) {
        let (mut vectors, mut bias) = (vectors, bias);
        if !own.is_empty() {
            let own = Tensor::<1>::from_data(own, device);
            vectors = vectors * own.clone().unsqueeze_dim(1);
            bias = bias * own;
        }
        if let Some(fields) = &self.items {
            let [n, hidden] = vectors.dims();
            // Vectors and biases side by side: one sum.
            let both = Tensor::cat(vec![fields.vectors.val(), fields.bias.val()], 1);
            let both = sums(both, bags, device) * ITEM_RATE;
            vectors = vectors + both.clone().slice([0..n, 0..hidden]);
            bias = bias + both.slice([0..n, hidden..hidden + 1]).reshape([n]);
        }
        (vectors, bias)
    }
}

impl FieldLevel {
    /// Sets the vectors of the items' fields by regression.
    pub(super) fn set_items(
        &mut self,
        bags: &Bags,
        vectors: &Tensor<2>,
        biases: &Tensor<1>,
        counts: &[u32],
        device: &Device,
    ) {
        let Some(fields) = self.items.take() else { return };
        let [rows, width] = fields.vectors.val().dims();
        let (vectors, biases) = (values(vectors.clone()), values(biases.clone()));
        let scaled = |mut found: Vec<f32>| {
            for value in &mut found {
                *value /= ITEM_RATE;
            }
            found
        };
        let found = scaled(field_vectors(bags, rows, &vectors, width, counts));
        let biases = scaled(field_vectors(bags, rows, &biases, 1, counts));
        let tensor =
            |numbers, shape| Tensor::<2>::from_data(TensorData::new(numbers, shape), device);
        let (vectors, bias) = (tensor(found, [rows, width]), tensor(biases, [rows, 1]));
        self.items = Some(ItemFields {
            vectors: fields.vectors.map(|_| vectors),
            bias: fields.bias.map(|_| bias),
        });
    }
}

impl SideFields {
    /// What is added to inputs, `[bags, hidden]`.
    pub(super) fn input<'a>(
        &self,
        bags: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
        device: &Device,
    ) -> Tensor<2> {
        sums(self.input.val(), bags, device)
    }

    /// What is added to outputs, `[bags, hidden]`.
    pub(super) fn output<'a>(
        &self,
        bags: impl Iterator<Item = &'a [(u32, f32)]> + Clone,
        device: &Device,
    ) -> Tensor<2> {
        sums(self.output.val(), bags, device)
    }
}

/// What training knew beside the events, and how values by name are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    fields: Encoders,
    pub(super) items: Bags,
    pub(super) users: Bags,
    pub(super) contexts: Bags,
    /// 1 for an item with a vector of its own, 0 for a cold one; empty without cold items.
    pub(super) own: Vec<f32>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encoders {
    items: Fields,
    users: Fields,
    contexts: Fields,
}

impl Facts {
    /// The metadata of the training data.
    pub(super) fn new(data: &TrainingData) -> Self {
        let mut facts = Self::default();
        if let Some(table) = &data.item_table {
            facts.fields.items = Fields::fit(table).with_constant();
            facts.items = facts.fields.items.bags(table);
        }
        if let Some(table) = &data.user_table {
            facts.fields.users = Fields::fit(table);
            facts.users = facts.fields.users.bags(table);
        }
        if let Some(table) = &data.context_table {
            facts.fields.contexts = Fields::fit(table);
            facts.contexts = facts.fields.contexts.bags(table);
        }
        facts
    }

    pub(super) fn rows(&self) -> FieldRows {
        FieldRows {
            items: self.fields.items.rows(),
            users: self.fields.users.rows(),
            contexts: self.fields.contexts.rows(),
        }
    }

    /// The bag of an item that fitting did not know.
    pub(super) fn item(&self, fields: &FieldValues) -> Bag {
        self.fields.items.bag(fields)
    }

    /// What a query says of its user.
    pub(super) fn user_of(&self, query: &Query<'_>) -> Bag {
        match (query.user_fields, query.user) {
            (Some(fields), _) => self.fields.users.bag(fields),
            (None, Some(user)) => self.users.of(user).to_vec(),
            (None, None) => Bag::new(),
        }
    }

    /// What a query says of its moment.
    pub(super) fn context_of(&self, query: &Query<'_>) -> Bag {
        match query.context {
            Some(Context::Given(fields)) => self.fields.contexts.bag(fields),
            Some(Context::Known(context)) => self.contexts.of(context).to_vec(),
            None => Bag::new(),
        }
    }

    /// The same for other users: user `i` is `kept[i]` of these, and only moments of `contexts` are left.
    pub(super) fn with_users(&self, kept: &[u32], contexts: &Bitmap) -> Self {
        let mut facts = Self { users: Bags::default(), contexts: Bags::default(), ..self.clone() };
        for &user in kept {
            facts.users.push(self.users.of(user).iter().copied());
        }
        for context in 0..self.contexts.len() as u32 {
            let bag = if contexts.contains(context) { self.contexts.of(context) } else { &[] };
            facts.contexts.push(bag.iter().copied());
        }
        facts
    }

    /// All of it as text, to tell two trainings apart.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = ensue_core::hash::Fnv1a::default();
        let encoders = serde_json::to_vec(&self.fields).expect("plain data");
        for part in [
            encoders,
            self.items.to_bytes(),
            self.users.to_bytes(),
            self.contexts.to_bytes(),
            columns::to_bytes(&self.own),
        ] {
            hash.update(&part);
        }
        hash.hex()
    }

    pub(super) fn save(&self, out: &mut ArtifactWriter) -> Result<(), ArtifactError> {
        let rows = self.rows();
        if rows != FieldRows::default() {
            out.write_json(FIELDS, &self.fields)?;
        }
        for (file, rows, bags) in [
            (ITEMS, rows.items, &self.items),
            (USERS, rows.users, &self.users),
            (CONTEXTS, rows.contexts, &self.contexts),
        ] {
            if rows > 0 {
                out.write(file, &bags.to_bytes())?;
            }
        }
        if !self.own.is_empty() {
            let cold: Vec<u8> = self.own.iter().map(|&own| u8::from(own == 0.0)).collect();
            out.write(COLD, &cold)?;
        }
        Ok(())
    }

    /// Reads what [`Facts::save`] wrote for a network of this shape.
    pub(super) fn load(
        reader: &ArtifactReader,
        rows: FieldRows,
        items: usize,
        cold: bool,
    ) -> Result<Self, LoadError> {
        let mut facts = Self::default();
        if rows != FieldRows::default() {
            facts.fields = reader.read_json(FIELDS)?;
            if facts.rows() != rows {
                return Err(reader
                    .invalid(FIELDS, "its fields are not those of the network")
                    .into());
            }
        }
        for (file, rows, bags) in [
            (ITEMS, rows.items, &mut facts.items),
            (USERS, rows.users, &mut facts.users),
            (CONTEXTS, rows.contexts, &mut facts.contexts),
        ] {
            if rows > 0 {
                *bags = Bags::from_bytes(&reader.read(file)?, rows)
                    .ok_or_else(|| reader.invalid(file, "not whole bags of the network's rows"))?;
            }
        }
        if rows.items > 0 && facts.items.len() != items {
            let reason = format!("{} bags for {items} items", facts.items.len());
            return Err(reader.invalid(ITEMS, &reason).into());
        }
        if cold {
            let cold: Vec<u8> = columns::read(reader, COLD)?;
            if cold.len() != items {
                let reason = format!("{} flags for {items} items", cold.len());
                return Err(reader.invalid(COLD, &reason).into());
            }
            facts.own = cold.iter().map(|&cold| f32::from(u8::from(cold == 0))).collect();
        }
        Ok(facts)
    }
}
