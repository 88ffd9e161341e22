//! Rows without what says something about a person, for receivers that are not to have that.

use core::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::Row;

/// A row without those properties that its context names as personal, and without what violations repeat of them.
pub(crate) struct Withheld {
    properties: String,
    context: String,
    text: String,
}

/// What a row's context says of its properties.
#[derive(Deserialize)]
struct Noted {
    #[serde(default)]
    pii: Option<Classed>,
}

/// Which of them say something about a person.
#[derive(Deserialize)]
#[serde(untagged)]
enum Classed {
    Named(Vec<String>),
    /// All, or it can't be told.
    Any(serde::de::IgnoredAny),
}

impl Withheld {
    /// `None`: there is nothing to withhold.
    pub(crate) fn of(row: &Row<'_>) -> Option<Self> {
        // Nearly all rows end here, without their contexts being parsed.
        if !row.context.get().contains("\"pii\"") {
            return None;
        }
        let properties = match serde_json::from_str::<Noted>(row.context.get()) {
            Ok(Noted { pii: None }) => return None,
            Ok(Noted { pii: Some(Classed::Named(paths)) }) => without(row.properties, "", &paths),
            Ok(Noted { pii: Some(Classed::Any(_)) }) | Err(_) => "{}".into(),
        };
        let context = without(row.context, "", &["plan_violations".to_owned()]);
        let members: Members<'_> = serde_json::from_str(row.text.get()).unwrap_or_default();
        let text = members.write(|name, value| {
            Some(match name {
                "properties" => properties.clone(),
                "context" => context.clone(),
                _ => value.get().to_owned(),
            })
        });
        Some(Self { properties, context, text })
    }

    /// The row as it may be sent.
    pub(crate) fn row<'s>(&'s self, row: &Row<'s>) -> Row<'s> {
        let raw = |text: &'s str| serde_json::from_str(text).unwrap_or(RawValue::NULL);
        Row {
            properties: raw(&self.properties),
            context: raw(&self.context),
            text: raw(&self.text),
            ..row.clone()
        }
    }
}

/// A value without what is at these paths; `at` is its own, and that of a list's items.
fn without(value: &RawValue, at: &str, paths: &[String]) -> String {
    if let Ok(members) = serde_json::from_str::<Members<'_>>(value.get()) {
        return members.write(|name, value| {
            let path = if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
            if paths.contains(&path) {
                return None;
            }
            let leads_on =
                paths.iter().any(|one| one.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')));
            Some(if leads_on { without(value, &path, paths) } else { value.get().to_owned() })
        });
    }
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
        let items: Vec<String> = items.into_iter().map(|item| without(item, at, paths)).collect();
        return format!("[{}]", items.join(","));
    }
    value.get().to_owned()
}

/// The members of an object in their order, each value as it stands: numbers keep their digits.
#[derive(Default)]
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl Members<'_> {
    fn write(&self, mut value_of: impl FnMut(&str, &RawValue) -> Option<String>) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .filter_map(|(name, value)| {
                value_of(name, value).map(|text| format!("{}:{text}", serde_json::Value::from(name.as_str())))
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing::{body, event, parse, request, with};

    fn webhook(more: &Value) -> Value {
        with(
            json!({
                "name": "hook", "kind": "webhook", "url": "https://shop.example/hooks",
                "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "consent": [],
            }),
            more,
        )
    }

    fn sent(record: &Value, pii: &Value) -> Value {
        let row = with(
            event(1),
            &json!({
                "properties": {
                    "email": "a@b.example", "scale": 2.50,
                    "address": { "city": "Bern", "zip": 3000 },
                    "guests": [{ "name": "B", "age": 7 }, 5, { "name": "C" }],
                },
                "context": {
                    "dialect": "posthog", "pii": pii, "plan_violations": [{ "path": "properties.email", "got": "a@b.example" }],
                },
            }),
        );
        let data = body(&request(&parse(record).unwrap(), &[row]))["data"].clone();
        assert_eq!(data["context"]["pii"], *pii);
        assert_eq!(data["event_name"], "recipe_scaled");
        let is_said = data.to_string().contains("a@b.example");
        assert_eq!(is_said, data["properties"]["email"] == "a@b.example");
        data["properties"].clone()
    }

    #[test]
    fn who_is_not_to_have_it_gets_a_row_without() {
        let pii = json!(["email", "address.city", "guests.name", "is.not.there"]);
        let expected = json!({ "scale": 2.5, "address": { "zip": 3000 }, "guests": [{ "age": 7 }, 5, {}] });
        assert_eq!(sent(&webhook(&json!({})), &pii), expected, "a webhook, unless it is told otherwise");
        assert_eq!(sent(&webhook(&json!({ "pii": "omit" })), &pii), expected);
        let whole = sent(&webhook(&json!({ "pii": "send" })), &pii);
        assert_eq!((&whole["email"], &whole["address"]["city"]), (&json!("a@b.example"), &json!("Bern")));
    }

    #[test]
    fn where_it_can_t_be_told_nothing_is_sent() {
        for pii in [json!(true), json!([7]), json!({})] {
            assert_eq!(sent(&webhook(&json!({})), &pii), json!({}), "{pii}");
        }
        assert_eq!(sent(&webhook(&json!({})), &json!(null))["email"], "a@b.example");
    }

    #[test]
    fn stores_have_everything_unless_they_are_told_otherwise() {
        let store = json!({ "name": "warehouse", "kind": "postgres", "url": "postgres://u:p@db.example/d" });
        assert!(parse(&store).unwrap().sends_pii);
        assert!(!parse(&with(store, &json!({ "pii": "omit" }))).unwrap().sends_pii);
        let problem = parse(&webhook(&json!({ "pii": "hash" }))).unwrap_err();
        assert_eq!(problem.path, "[0].pii");
    }
}
