//! Floats in JSON that read back bit for bit, NaN and infinities included (serde as a module).

pub(super) mod float {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(value: &f64, out: S) -> Result<S::Ok, S::Error> {
        // The standard library prints the shortest digits that read back as the same number.
        out.serialize_str(&format!("{value:?}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
        String::deserialize(input)?.parse().map_err(D::Error::custom)
    }
}

pub(super) mod option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::float::serialize(value, out),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D>(input: D) -> Result<Option<f64>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(input)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Pair {
        #[serde(with = "super::float")]
        a: f64,
        #[serde(with = "super::option")]
        b: Option<f64>,
    }

    #[test]
    fn every_float_reads_back_bit_for_bit() {
        // Oracle: the bits that went in.
        let hard = [0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::INFINITY, -0.0];
        for a in hard {
            let text = serde_json::to_string(&Pair { a, b: Some(-a) }).unwrap();
            let pair: Pair = serde_json::from_str(&text).unwrap();
            assert_eq!(pair.a.to_bits(), a.to_bits(), "{text}");
            assert_eq!(pair.b.unwrap().to_bits(), (-a).to_bits(), "{text}");
        }
        let none: Pair = serde_json::from_str(r#"{"a":"NaN","b":null}"#).unwrap();
        assert!(none.a.is_nan() && none.b.is_none(), "NaN and none");
    }
}
