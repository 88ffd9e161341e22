//! A first plan from events that were observed.

use std::collections::{BTreeMap, BTreeSet};

use tallymark_event::json::{self, value::Value};

use super::{Imported, MAX_IMPORTED_BYTES, empty, items, json, member, refused, string};
use crate::{
    Diagnostic,
    check::format,
    limits::{MAX_NESTING, MAX_PROPERTIES},
    node::{Data, Node},
    plan::{List, Object, Origin, Property, Range, Shape, Text, Type, is_reserved},
};

/// Reads events in the envelope's terms (`event_name`, `source`, `entity_type`, `properties`): what `GET /v1/events` gives,
/// an array of them, or one on each line. What every event of a name has is required; what the SDKs add is left out.
pub fn observed(text: &str) -> Result<Imported, Diagnostic> {
    if text.len() > MAX_IMPORTED_BYTES {
        return Err(refused("", &format!("more than {MAX_IMPORTED_BYTES} bytes"), "import a part of it"));
    }
    let mut seen: BTreeMap<String, SeenEvent> = BTreeMap::new();
    match json(text) {
        Ok(root) => {
            let list = items(&root).or_else(|| member(&root, "events").and_then(items));
            for row in list.unwrap_or(core::slice::from_ref(&root)) {
                see(&mut seen, row);
            }
        }
        Err(whole) => {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let row = json(line).map_err(|_| whole.clone())?;
                see(&mut seen, &row);
            }
        }
    }
    let mut imported = Imported { plan: empty("observed"), remarks: Vec::new() };
    for (name, event) in seen {
        let event = event.planned(&mut imported, &name);
        imported.plan.events.push(event);
    }
    imported.remark("Who may send an event is taken from where it came from: decide whether others may.");
    Ok(imported.finished())
}

fn see(seen: &mut BTreeMap<String, SeenEvent>, row: &Node) {
    let name =
        member(row, "event_name").and_then(string).filter(|name| !name.starts_with('$') && !name.is_empty());
    let Some(name) = name else { return };
    let event = seen.entry(name.to_owned()).or_default();
    event.times += 1;
    event.is_from_browser |= member(row, "source").and_then(string) == Some("browser");
    event.is_from_elsewhere |= member(row, "source").and_then(string) != Some("browser");
    event.entities.extend(member(row, "entity_type").and_then(string).map(ToOwned::to_owned));
    let Some(Node { data: Data::Table(members), .. }) = member(row, "properties") else { return };
    for it in members.iter().filter(|it| !is_reserved(it.name.as_bytes()) && !it.name.trim().is_empty()) {
        if event.properties.len() < MAX_PROPERTIES || event.properties.contains_key(&it.name) {
            let property = event.properties.entry(it.name.clone()).or_default();
            property.times += 1;
            property.see(&it.value, 0);
        }
    }
}

#[derive(Default)]
struct SeenEvent {
    times: u32,
    is_from_browser: bool,
    is_from_elsewhere: bool,
    entities: BTreeSet<String>,
    properties: BTreeMap<String, Seen>,
}

/// Values of one property.
#[derive(Default)]
struct Seen {
    times: u32,
    kinds: BTreeSet<Kind>,
    /// Of texts: whether all were timestamps, dates, UUIDs, URLs.
    texts: Option<[bool; 4]>,
    items: Option<Box<Seen>>,
}

/// Of numbers, a fraction makes them all numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    List,
    Object,
}

impl SeenEvent {
    fn planned(self, imported: &mut Imported, name: &str) -> crate::plan::Event {
        let mut event = super::event(name, "");
        event.origin = match (self.is_from_browser, self.is_from_elsewhere) {
            (true, false) => Origin::Browser,
            (false, true) => Origin::Server,
            _ => Origin::Any,
        };
        let mut entities = self.entities.into_iter();
        event.entity = entities.next();
        if entities.next().is_some() {
            imported.remark(format!("{name}: it happened to several kinds of things; none was taken over."));
            event.entity = None;
        }
        let mut properties = Vec::new();
        for (property, seen) in self.properties {
            let is_required = seen.times == self.times;
            match seen.shape() {
                Some(shape) => properties.push(Property {
                    name: property,
                    description: String::new(),
                    is_required,
                    deprecated: None,
                    pii: None,
                    shape,
                }),
                None => imported
                    .remark(format!("{name}.{property} was left out: only null, or of several types.")),
            }
        }
        event.properties = Object::new(properties);
        event
    }
}

impl Seen {
    fn see(&mut self, node: &Node, depth: usize) {
        self.kinds.insert(match &node.data {
            Data::Boolean(_) => Kind::Boolean,
            Data::Number(text) if text.parse::<f64>().is_ok_and(|value| value % 1.0 == 0.0) => Kind::Integer,
            Data::Number(_) => Kind::Number,
            Data::String(_) => Kind::Text,
            Data::Table(_) => Kind::Object,
            Data::Array(_) => Kind::List,
            Data::Other(_) => Kind::Null,
        });
        match &node.data {
            Data::String(text) => {
                let mut quoted = String::new();
                json::write_str(&mut quoted, text);
                let value = Value::well_formed(&quoted);
                let forms = [
                    format::is_timestamp(value),
                    format::is_date(value),
                    format::is_uuid(value),
                    format::is_url(value),
                ];
                let before = self.texts.unwrap_or([true; 4]);
                self.texts = Some(core::array::from_fn(|at| {
                    before.get(at).copied().unwrap_or(false) && forms.get(at).copied().unwrap_or(false)
                }));
            }
            Data::Array(items) => {
                let of = self.items.get_or_insert_default();
                // Deeper lists are mixed: left out.
                for item in items.iter().filter(|_| depth < MAX_NESTING) {
                    of.see(item, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn shape(&self) -> Option<Shape> {
        let mut kinds = self.kinds.clone();
        let is_nullable = kinds.remove(&Kind::Null);
        if kinds.contains(&Kind::Number) {
            kinds.remove(&Kind::Integer);
        }
        let (Some(kind), true) = (kinds.pop_first(), kinds.is_empty()) else { return None };
        let kind = match kind {
            Kind::Null => return None,
            Kind::Boolean => Type::Boolean,
            Kind::Integer => Type::Integer(Range::default()),
            Kind::Number => Type::Number(Range::default()),
            Kind::Object => Type::Object(Object::default()),
            Kind::List => {
                let items = Box::new(self.items.as_ref()?.shape()?);
                Type::Array(List { items, min_items: None, max_items: None })
            }
            Kind::Text => match self.texts {
                Some([true, ..]) => Type::Timestamp,
                Some([_, true, ..]) => Type::Date,
                Some([_, _, true, _]) => Type::Uuid,
                Some([.., true]) => Type::Url,
                _ => Type::String(Text::default()),
            },
        };
        Some(Shape { kind, is_nullable })
    }
}
