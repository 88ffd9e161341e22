//! An event's parameters within GA4's limits. What they cost is told by one more, `tallymark_cut`.

use serde_json::{Map, Value};
use tallymark_event::names;

/// Beside those of the protocol and `items`, which have limits of their own.
const MAX_PARAMETERS: usize = names::MAX_PARAMETERS - 1;

/// Most bytes of an event's items: half of a request.
const MAX_ITEMS_BYTES: usize = 60_000;

/// Tells what was cut: `"name, 3 parameters, 1 value"`.
const CUT: &str = "tallymark_cut";

/// Parameters under way.
pub(super) struct Params<'e> {
    event: &'e str,
    /// Those that GA4 has a use for before others.
    first: Map<String, Value>,
    rest: Map<String, Value>,
    items: Option<Vec<Value>>,
    cut: Cut,
}

#[derive(Default)]
struct Cut {
    name: bool,
    names: usize,
    parameters: usize,
    values: usize,
    items: usize,
}

impl<'e> Params<'e> {
    /// For an event of this name, as GA4 calls it.
    pub(super) fn new(event: &'e str, is_cut: bool) -> Self {
        let cut = Cut { name: is_cut, ..Cut::default() };
        Self { event, first: Map::new(), rest: Map::new(), items: None, cut }
    }

    /// Adds one, as GA4 calls it unless it has no name for it.
    pub(super) fn add(&mut self, name: &str, value: &Value) {
        // PostHog's own, about browser, library and person: GA4 has them from elsewhere or not at all.
        if name.starts_with('$')
            || matches!(name, "client_id" | "user_id" | "session_id" | "engagement_time_msec")
        {
            return;
        }
        let word = names::to_ga4_word(name, "param_", names::is_reserved_parameter);
        self.cut.names += usize::from(word != name);
        if word == "items" {
            self.add_items(value);
            return;
        }
        let max_chars = names::max_value_chars(&word);
        let value = match value {
            Value::Number(_) => value.clone(),
            Value::Bool(flag) => Value::String(flag.to_string()),
            Value::String(text) if word == "page_referrer" && text == "$direct" => return,
            Value::String(text) => Value::String(self.cut.text(text, max_chars)),
            Value::Null => return,
            Value::Array(_) | Value::Object(_) => {
                self.cut.parameters += 1;
                return;
            }
        };
        let is_known = names::LONG_VALUES.iter().any(|(known, _)| *known == word)
            || names::RECOMMENDED
                .iter()
                .any(|known| known.event == self.event && known.parameters.contains(&word.as_str()));
        let side = if is_known { &mut self.first } else { &mut self.rest };
        if side.insert(word, value).is_some() {
            self.cut.parameters += 1;
        }
    }

    fn add_items(&mut self, value: &Value) {
        let Value::Array(list) = value else {
            self.cut.parameters += 1;
            return;
        };
        let mut bytes = 0;
        let mut items = Vec::new();
        for item in list.iter().take(names::MAX_ITEMS) {
            let Some(item) = self.cut.item(item) else { continue };
            bytes += item.to_string().len();
            if bytes > MAX_ITEMS_BYTES {
                break;
            }
            items.push(item);
        }
        self.cut.items += list.len() - items.len();
        self.items = Some(items);
    }

    /// All that there is room for.
    pub(super) fn finish(self) -> Map<String, Value> {
        let Self { first, rest, items, mut cut, .. } = self;
        let all = first.len() + rest.len();
        let kept = first.into_iter().chain(rest).take(MAX_PARAMETERS);
        let mut params: Map<String, Value> = kept.collect();
        cut.parameters += all - params.len();
        if let Some(items) = items {
            params.insert("items".into(), items.into());
        }
        if let Some(told) = cut.tell() {
            params.insert(CUT.into(), told.into());
        }
        params
    }
}

impl Cut {
    fn text(&mut self, text: &str, max_chars: usize) -> String {
        let kept: String = text.chars().take(max_chars).collect();
        self.values += usize::from(kept.len() < text.len());
        kept
    }

    /// An item of texts and numbers, with an id or a name. `None`: it has neither.
    fn item(&mut self, item: &Value) -> Option<Value> {
        let fields = item.as_object()?;
        let mut own = 0;
        let mut kept = Map::new();
        for (name, value) in fields {
            let value = match value {
                Value::Number(_) => value.clone(),
                Value::Bool(flag) => Value::String(flag.to_string()),
                Value::String(text) => Value::String(self.text(text, names::MAX_VALUE_CHARS)),
                Value::Null => continue,
                Value::Array(_) | Value::Object(_) => {
                    self.values += 1;
                    continue;
                }
            };
            own += usize::from(names::code_of_item_field(name).is_none());
            if own > names::MAX_OWN_ITEM_FIELDS && names::code_of_item_field(name).is_none() {
                self.values += 1;
                continue;
            }
            kept.insert(name.clone(), value);
        }
        (kept.contains_key("item_id") || kept.contains_key("item_name")).then_some(Value::Object(kept))
    }

    fn tell(&self) -> Option<String> {
        let counted = |count: usize, one: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            many => Some(format!("{many} {one}s")),
        };
        let told: Vec<String> = [
            self.name.then(|| "event name".to_owned()),
            counted(self.names, "name"),
            counted(self.parameters, "parameter"),
            counted(self.values, "value"),
            counted(self.items, "item"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}
