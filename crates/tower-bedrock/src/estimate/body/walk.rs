use super::{
    families::{Family, family},
    found::Found,
    place::Place,
};
use crate::estimate::{Estimate, rules::bytes};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// What `body` says to `model`. Bedrock refuses a body that is not JSON and gives the reservation
/// back, so its length is near enough.
pub(crate) fn estimate(model: &str, body: &[u8]) -> Estimate {
    let family = family(model);
    let paths = match family {
        Family::Text(paths) => paths,
        Family::NoOutput => &[],
    };
    let mut found = Found::new(paths);
    let mut json = serde_json::Deserializer::from_slice(body);
    let whole = value(Place::OUTERMOST, &mut found).deserialize(&mut json);
    let mut estimate = match whole.and_then(|()| json.end()) {
        Ok(()) => Estimate::from(found),
        Err(_) => Estimate {
            input_tokens: bytes(body.len()),
            ..Estimate::from(found)
        },
    };
    if family == Family::NoOutput {
        estimate.max_output_tokens = Some(0);
    }
    estimate
}

/// A value of the body on its way through serde. Nothing is built of it: a prompt may be
/// megabytes, and its text is looked at where it lies.
struct Value<'n, 'f> {
    place: Place<'n>,
    found: &'f mut Found,
}

fn value<'n, 'f>(place: Place<'n>, found: &'f mut Found) -> Value<'n, 'f> {
    Value { place, found }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.place.string(value, self.found);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        let Self { place, found } = self;
        found.add_number(value, |path| place.is_at(path));
        place.scalar(found);
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.visit_unit()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.place.scalar(self.found);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { place, found } = self;
        while items
            .next_element_seed(value(place, &mut *found))?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { place, found } = self;
        while let Some(Name(name)) = members.next_key()? {
            let member = place.member(&name);
            member.overhead(found);
            members.next_value_seed(value(member, &mut *found))?;
        }
        Ok(())
    }
}

/// Borrowed unless it has escapes, which a plain `&str` could not be read from.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
