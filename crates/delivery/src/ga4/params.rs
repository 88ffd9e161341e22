//! An event's parameters within GA4's limits. What they cost is told by one more, `tallymark_cut`.

use serde_json::{Map, Value};
use tallymark_event::names;

/// Most bytes of an event's items: half of a request.
const MAX_ITEMS_BYTES: usize = 60_000;

/// Tells what was cut: `"name, 3 parameters, 1 value"`.
const CUT: &str = "tallymark_cut";

/// Names that mean something else to the protocol than to whoever has given them: the moment of an event, and the
/// parameter by which it is found.
const TAKEN: [&str; 2] = ["timestamp_micros", EVENT_ID];

/// GA4 stores what comes twice twice: by this it is found in its export.
pub(super) const EVENT_ID: &str = "event_id";

/// Parameters under way.
pub(super) struct Params<'e> {
    event: &'e str,
    /// Those of the protocol, and by which an event is found.
    fixed: Map<String, Value>,
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
        Self { event, fixed: Map::new(), first: Map::new(), rest: Map::new(), items: None, cut }
    }

    /// Adds one as it is, whatever room the others have.
    pub(super) fn fix(&mut self, name: &str, value: impl Into<Value>) {
        self.fixed.insert(name.to_owned(), value.into());
    }

    /// Counts some that can't be read.
    pub(super) const fn lose(&mut self, count: usize) {
        self.cut.parameters += count;
    }

    /// Adds one, as GA4 calls it unless it has no name for it.
    pub(super) fn add(&mut self, name: &str, value: &Value) {
        // PostHog's own, about browser, library and person: GA4 has them from elsewhere or not at all.
        if name.starts_with('$')
            || matches!(name, "client_id" | "user_id" | "session_id" | "engagement_time_msec")
        {
            return;
        }
        let is_taken = |word: &str| names::is_reserved_parameter(word) || TAKEN.contains(&word);
        let word = names::to_ga4_word(name, "param_", is_taken);
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
        let Self { fixed, first, rest, items, mut cut, .. } = self;
        let all = first.len() + rest.len();
        // That what the protocol and items take does not count is nowhere said; and what was cut is to be told.
        let room = names::MAX_PARAMETERS - 1 - fixed.len() - usize::from(items.is_some());
        let kept = first.into_iter().chain(rest).take(room);
        let mut params: Map<String, Value> = kept.collect();
        cut.parameters += all - params.len();
        params.extend(fixed);
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
            if names::code_of_item_field(name).is_some() {
                kept.insert(name.clone(), value);
                continue;
            }
            let word = names::to_ga4_word(name, "param_", names::is_reserved_parameter);
            if own == names::MAX_OWN_ITEM_FIELDS || kept.contains_key(&word) {
                self.values += 1;
                continue;
            }
            own += 1;
            self.names += usize::from(word != *name);
            kept.insert(word, value);
        }
        let has = |name: &str| kept.get(name).is_some_and(|value| *value != "");
        (has("item_id") || has("item_name")).then_some(Value::Object(kept))
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
