//! Events made from a plan: most nearly good, so that each rule is met from both sides.

use fastrand::Rng;
use serde_json::{Map, Value, json};
use tallymark_event::Source as Sender;
use tallymark_plan::{
    Plan,
    plan::{Object, Shape, Type},
};

/// A plan that uses all that plans can say.
pub(crate) const SOUP: &str = include_str!("soup.toml");

/// An event, as a check and a validator take it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) source: Sender,
    pub(crate) schema_version: u32,
    pub(crate) entity_type: Option<String>,
    pub(crate) properties: Value,
}

/// One event.
pub(crate) fn case(random: &mut Rng, plan: &Plan) -> Case {
    let event = &plan.events()[random.usize(..plan.events().len())];
    let rarely = |random: &mut Rng| random.u8(..40) == 0;
    let mut properties = object(random, &event.properties, 0);
    if rarely(random)
        && let Value::Object(members) = &mut properties
    {
        for name in ["$lib", "distinct_id", "token", "$", "stranger", "Token", "tokens"] {
            if random.u8(..3) == 0 {
                members.insert(name.to_owned(), anything(random, 0));
            }
        }
    }
    if rarely(random) {
        properties = anything(random, 0);
    }
    Case {
        name: match random.u8(..40) {
            0 => "stranger".to_owned(),
            1 => "$strange".to_owned(),
            2 => "token".to_owned(),
            _ => event.name.clone(),
        },
        source: match event.origin.name() {
            "server" if !rarely(random) => Sender::Server,
            "browser" if !rarely(random) => Sender::Browser,
            _ => random.choice([Sender::Browser, Sender::Server]).unwrap(),
        },
        schema_version: event.schema_version + u32::from(rarely(random)),
        entity_type: match random.u8(..40) {
            0 => Some("stranger".to_owned()),
            1..20 => event.entity.clone(),
            _ => None,
        },
        properties,
    }
}

fn object(random: &mut Rng, object: &Object, depth: u32) -> Value {
    let mut members = Map::new();
    for property in object.properties() {
        let is_there = if property.is_required { random.u8(..50) > 0 } else { random.u8(..3) > 0 };
        if is_there {
            members.insert(property.name.clone(), value(random, &property.shape, depth));
        }
    }
    if random.u8(..60) == 0 {
        members.insert("$nested".to_owned(), json!(1));
    }
    Value::Object(members)
}

/// A value of that shape, or, now and then, of another.
fn value(random: &mut Rng, shape: &Shape, depth: u32) -> Value {
    if random.u8(..80) == 0 {
        return anything(random, depth);
    }
    if shape.is_nullable && random.u8(..4) == 0 {
        return Value::Null;
    }
    match &shape.kind {
        Type::Boolean => json!(random.bool()),
        Type::Integer(range) | Type::Number(range) => {
            let near: Vec<f64> =
                range.min.iter().chain(&range.max).chain(&range.one_of).map(|number| number.value).collect();
            let base = random.choice(&near).copied().unwrap_or_else(|| f64::from(random.i32(-1_000..1_000)));
            let inside = range.min.as_ref().map_or(base, |min| min.value).max(base);
            let number = match random.u8(..60) {
                0 => base - 1.0,
                1 => base + 1.0,
                2 => base + 0.5,
                3 => base * 1e10,
                _ => inside,
            };
            // A number without fraction is written both ways: 1 and 1.0.
            if number.fract() == 0.0 && number.abs() < 1e15 && random.bool() {
                #[allow(clippy::cast_possible_truncation)]
                return json!(number as i64);
            }
            json!(number)
        }
        Type::String(text) => match random.choice(&text.one_of) {
            Some(one) if random.u8(..60) > 0 => json!(one),
            _ if text.pattern.is_some() && random.u8(..10) > 0 => {
                let digits = random.usize(2..4);
                json!(format!("AB-{}", "7".repeat(digits)))
            }
            _ => {
                let min = text.min_length.unwrap_or(0) as usize;
                let max = text.max_length.map_or(min + 8, |max| max as usize);
                let length = match random.u8(..60) {
                    0 => max + 1,
                    1 => min.saturating_sub(1),
                    2 => max,
                    3 => min,
                    _ => min + (max - min) / 2,
                };
                json!(characters(random, length))
            }
        },
        Type::Timestamp => json!(one(
            random,
            &[
                "2026-11-21T09:30:00Z",
                "2026-11-21T09:30:00.123456",
                "2024-02-29T23:59:59+14:00",
                "2026-11-21T09:30:00.5-01:30",
            ],
            &[
                "2026-11-21",
                "2023-02-29T00:00:00Z",
                "2026-11-21 09:30:00Z",
                "2026-11-21T24:00:00Z",
                "2026-11-21T09:30:00Z\n"
            ]
        )),
        Type::Date => json!(one(
            random,
            &["2026-11-21", "2000-02-29", "0000-01-01"],
            &["2026-02-30", "2026-1-1", "1900-02-29", "２026-11-21"]
        )),
        Type::Uuid => json!(one(
            random,
            &["0199a3c0-0000-7000-8000-000000000000", "FFFFFFFF-ffff-FFFF-ffff-ffffffffffff"],
            &[
                "0199a3c000007000800000000000000000",
                "0199a3c0-0000-7000-8000-00000000000g",
                "{0199a3c0-0000-7000-8000-000000000000}"
            ],
        )),
        Type::Url => json!(one(
            random,
            &["https://example.com/ä?q=1#f", "s3://b/k"],
            &["example.com", "https://", "https://a b", "mailto:a@b.c"]
        )),
        Type::Object(inner) if inner.is_open() => json!({ "any": anything(random, depth + 1) }),
        Type::Object(inner) => object(random, inner, depth + 1),
        Type::Array(list) => {
            let min = list.min_items.unwrap_or(0);
            let max = list.max_items.unwrap_or(min + 3);
            let items = if random.u8(..40) == 0 { max + 1 } else { random.u32(min..=max) };
            (0..items).map(|_| value(random, &list.items, depth + 1)).collect()
        }
    }
}

fn one<'t>(random: &mut Rng, good: &[&'t str], bad: &[&'t str]) -> &'t str {
    let list = if random.u8(..30) == 0 { bad } else { good };
    random.choice(list).copied().unwrap()
}

/// Characters of one to four bytes, and such as JSON escapes.
fn characters(random: &mut Rng, length: usize) -> String {
    let mut of =
        || random.choice(['a', 'Z', '7', ' ', '"', '\\', '\n', '\u{1}', 'é', '€', '😀', '\u{2028}']).unwrap();
    (0..length).map(|_| of()).collect()
}

fn anything(random: &mut Rng, depth: u32) -> Value {
    match random.u8(..if depth < 3 { 10 } else { 8 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(-100..100)),
        3 => json!(random.f64()),
        4 => json!(random.i64(..)),
        5 => json!("2026-11-21"),
        6 => json!(characters(random, 3)),
        7 => json!({}),
        8 => (0..random.u8(..3)).map(|_| anything(random, depth + 1)).collect(),
        _ => json!({ "name": anything(random, depth + 1), "$x": 1 }),
    }
}
