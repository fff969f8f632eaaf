//! What the SDK's serializers can write, read out of its source.

use crate::sdk_source;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// A structure or union of the service, and the members that its serializer writes.
pub(crate) type Shapes = BTreeMap<String, Vec<Member>>;

pub(crate) struct Member {
    name: String,
    /// The shape of its value, of its items or of its values; none for text, numbers and the like.
    shape: Option<String>,
    is_map: bool,
}

/// The SDK's source, as cargo knows it.
pub(crate) struct Sdk {
    folder: PathBuf,
}

impl Sdk {
    pub(crate) fn find() -> Self {
        Self {
            folder: sdk_source::folder().join("protocol_serde"),
        }
    }

    /// Every shape that `ser_{root}` can get to.
    pub(crate) fn shapes(&self, root: &str) -> Shapes {
        let mut shapes = Shapes::new();
        let mut open = vec![root.to_owned()];
        while let Some(shape) = open.pop() {
            if shapes.contains_key(&shape) {
                continue;
            }
            let members = members(&self.serializer(&shape));
            open.extend(members.iter().filter_map(|member| member.shape.clone()));
            shapes.insert(shape, members);
        }
        shapes
    }

    /// The names of the headers that an operation's serializer writes.
    pub(crate) fn headers(&self, operation: &str) -> BTreeSet<String> {
        let source = self.read(&format!("shape_{operation}.rs"));
        let headers = source.split(".header(\"").skip(1);
        headers.map(|rest| quoted(rest).to_lowercase()).collect()
    }

    fn serializer(&self, shape: &str) -> String {
        // The input of an operation is `…_input_input` in a file of `…_input`.
        let file = match shape.strip_suffix("_input_input") {
            Some(operation) => format!("shape_{operation}_input.rs"),
            None => format!("shape_{shape}.rs"),
        };
        let source = self.read(&file);
        let start = source.find(&format!("fn ser_{shape}("));
        let body = &source[start.unwrap_or_else(|| panic!("no serializer of {shape} in {file}"))..];
        let end = body.find("\n}\n").expect("the function has an end");
        body[..end].to_owned()
    }

    fn read(&self, file: &str) -> String {
        let path = self.folder.join(file);
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("the SDK has moved {}: {error}", path.display()))
    }
}

/// Notes which members of `shape` are in `value`, and of the shapes inside.
pub(crate) fn note(
    value: &Value,
    shape: &str,
    shapes: &Shapes,
    seen: &mut BTreeSet<(String, String)>,
) {
    for member in &shapes[shape] {
        let Some(value) = value.get(&member.name) else {
            continue;
        };
        seen.insert((shape.to_owned(), member.name.clone()));
        let inside: Vec<_> = match value {
            Value::Array(items) => items.iter().collect(),
            Value::Object(members) if member.is_map => members.values().collect(),
            value => vec![value],
        };
        for (value, shape) in inside.into_iter().zip(member.shape.iter().cycle()) {
            note(value, shape, shapes, seen);
        }
    }
}

/// Every member of every shape.
pub(crate) fn all(shapes: &Shapes) -> BTreeSet<(String, String)> {
    let members = shapes.iter().flat_map(|(shape, members)| {
        members
            .iter()
            .map(|member| (shape.clone(), member.name.clone()))
    });
    members.collect()
}

/// A serializer is a sequence of `.key("name")`, each with the serializer of its value after it.
fn members(serializer: &str) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for part in serializer.split(".key(").skip(1) {
        if let Some(name) = part.strip_prefix('"') {
            members.push(Member {
                name: quoted(name).to_owned(),
                shape: None,
                is_map: false,
            });
        } else if let Some(map) = members.last_mut() {
            map.is_map = true;
        }
        let shape = part
            .split_once("::ser_")
            .and_then(|(_, rest)| rest.split_once('('));
        if let (Some((shape, _)), Some(member)) = (shape, members.last_mut()) {
            member.shape = Some(shape.to_owned());
        }
    }
    members
}

fn quoted(rest: &str) -> &str {
    rest.split('"').next().unwrap_or_default()
}
