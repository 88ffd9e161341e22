//! Items of an order, a list or a promotion: `pr1=idSKU_1~nmTee~pr10.01~k0size~v0L`.

use std::collections::BTreeMap;

use tallymark_event::names;

use super::{
    hit::Hit,
    object::{Object, number_or_text},
};
use crate::text::verbatim;

/// Most items of one event, as at Google.
const MAX_ITEMS: usize = 200;

/// Fields that are numbers, though the wire has only texts.
const NUMBERS: [&str; 4] = ["price", "quantity", "discount", "index"];

/// The items of a hit as a JSON array, in their order; `None` without any.
pub(super) fn read(hit: &Hit<'_>) -> Option<String> {
    let mut numbered = BTreeMap::new();
    for (number, text) in hit.with_prefix("pr") {
        let number = number.parse::<usize>().ok().filter(|n| (1..=MAX_ITEMS).contains(n));
        if let (Some(number), false) = (number, text.is_empty()) {
            numbered.insert(number, item(text));
        }
    }
    let items: Vec<String> = numbered.into_values().collect();
    (!items.is_empty()).then(|| format!("[{}]", items.join(",")))
}

/// One item as a JSON object. Its fields stand in any order: each begins with a code of two characters. A parameter of
/// the item's own is two of them, `k` and `v` with the same third character.
fn item(text: &str) -> String {
    let mut object = Object::default();
    let mut own: BTreeMap<char, (Option<String>, Option<String>)> = BTreeMap::new();
    for field in fields(text) {
        let mut chars = field.chars();
        let (Some(first), Some(second)) = (chars.next(), chars.next()) else { continue };
        let value = chars.as_str();
        let code = field.get(..field.len() - value.len()).unwrap_or_default();
        match (names::item_field_of_code(code), first) {
            (Some(name), _) if NUMBERS.contains(&name) => object.raw(name, number_or_text(value)),
            (Some(name), _) => object.raw(name, verbatim(value)),
            (None, 'k') => own.entry(second).or_default().0 = Some(value.to_owned()),
            (None, 'v') => own.entry(second).or_default().1 = Some(value.to_owned()),
            (None, _) => object.raw(code, verbatim(value)),
        }
    }
    for (name, value) in own.into_values() {
        if let (Some(name), Some(value)) = (name, value) {
            object.raw(&name, verbatim(&value));
        }
    }
    object.object()
}

/// Splits at `~`, where `~~` stands for the character itself.
fn fields(text: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '~' && chars.next_if_eq(&'~').is_none() {
            fields.push(String::new());
        } else if let Some(field) = fields.last_mut() {
            field.push(c);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(text: &str) -> Value {
        serde_json::from_str(&item(text)).unwrap()
    }

    #[test]
    fn an_item_of_gtag() {
        let text = "idSKU_1~nmTilde~~Tee, €~afStore~cpC1~ds2.22~lp0~brBrand~caApparel~c2Adult~lirel~lnRelated~\
                    vagreen~loL_1~pr10.01~qt3~k0custom_a~v0ca~k1custom_b~v17";
        assert_eq!(
            read(text),
            json!({
                "item_id": "SKU_1", "item_name": "Tilde~Tee, €", "affiliation": "Store", "coupon": "C1",
                "discount": 2.22, "index": 0, "item_brand": "Brand", "item_category": "Apparel",
                "item_category2": "Adult", "item_list_id": "rel", "item_list_name": "Related",
                "item_variant": "green", "location_id": "L_1", "price": 10.01, "quantity": 3,
                "custom_a": "ca", "custom_b": "7",
            })
        );
    }

    #[test]
    fn oddities() {
        for (text, expected) in [
            ("idA~1~pr3", json!({"item_id": "A", "price": 3})),
            ("v0z~k0custom", json!({"custom": "z"})),
            ("k0alone", json!({})),
            ("prfree~qt", json!({"price": "free", "quantity": ""})),
            ("zznew~€x~", json!({"zz": "new", "€x": ""})),
            ("", json!({})),
            ("~~~~", json!({"~~": ""})),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_object(text in "[~a-zA-Z0-9€\"\\\\.]{0,60}") {
            prop_assert!(read(&text).is_object());
        }

        #[test]
        fn what_is_written_by_gtag_is_read(values in proptest::collection::vec("[a-z~ ]{0,8}[a-z]", 1..5)) {
            let codes = ["id", "nm", "br", "va", "cp"];
            let written: Vec<String> =
                codes.iter().zip(&values).map(|(code, value)| format!("{code}{}", value.replace('~', "~~"))).collect();
            let item = read(&written.join("~"));
            for (code, value) in codes.iter().zip(&values) {
                prop_assert_eq!(&item[names::item_field_of_code(code).unwrap()], value);
            }
        }
    }
}
