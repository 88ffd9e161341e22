//! What a plan is read from: a tree of values, each of which knows where it stands. TOML and JSON both give it.

use tallymark_event::json::{
    scan::{Malformed, Scanner},
    value::{Kind, Value},
};

use crate::problem::{Place, Problem};

/// A value, and where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) data: Data,
}

#[derive(Clone, Debug)]
pub(crate) enum Data {
    Boolean(bool),
    /// As JSON writes it.
    Number(String),
    String(String),
    Array(Vec<Node>),
    /// In the order of the text.
    Table(Vec<Member>),
    /// What no plan has: `null`, or a date without quotes.
    Other(&'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

impl Data {
    /// With its article, for messages.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

/// Reads a JSON text.
pub(crate) fn from_json(text: &str, file: usize) -> Result<Node, Problem> {
    let mut scanner = Scanner::new(text);
    let read = json_value(&mut scanner, file).and_then(|node| scanner.end().map(|()| node));
    read.map_err(|malformed| Problem {
        place: Place { file, offset: scanner.at() },
        message: format!("no JSON: {}", malformed.problem()),
        remedy: "correct the text; what writes plan.json is `Plan::to_json`".to_owned(),
    })
}

/// Recurses as deep as the scanner lets it enter containers: 64 levels.
fn json_value(scanner: &mut Scanner<'_>, file: usize) -> Result<Node, Malformed> {
    let first = scanner.peek();
    let place = Place { file, offset: scanner.at() };
    let mut is_first = true;
    let data = match first {
        Some(b'{') => {
            let mut members: Vec<Member> = Vec::new();
            scanner.enter_object()?;
            while let Some(key) = scanner.next_key(&mut is_first)? {
                members.push(Member {
                    name: String::from_utf8_lossy(&key.name()).into_owned(),
                    place: Place { file, offset: key.start },
                    value: json_value(scanner, file)?,
                });
            }
            Data::Table(members)
        }
        Some(b'[') => {
            let mut items = Vec::new();
            scanner.enter_array()?;
            while scanner.next_item(&mut is_first)? {
                items.push(json_value(scanner, file)?);
            }
            Data::Array(items)
        }
        _ => scalar(scanner.value()?),
    };
    Ok(Node { place, data })
}

fn scalar(value: Value<'_>) -> Data {
    match value.kind() {
        Kind::Bool => Data::Boolean(value.is_true()),
        Kind::Number => Data::Number(value.as_str().to_owned()),
        Kind::String => Data::String(value.string().unwrap_or_default().into_owned()),
        _ => Data::Other("null"),
    }
}
