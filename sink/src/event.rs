//! Whether a message is an event.

use std::str;

use tallymark_delivery::Row;

/// The message's value, if it is an event in its envelope as `docs/EVENT-BUS.md` has it; else why not.
///
/// Only what the columns need is looked at here. What the table itself will not hold it says later.
pub(crate) fn checked(value: Option<&[u8]>) -> Result<&str, String> {
    let value = value.ok_or("no value: a tombstone")?;
    let text = str::from_utf8(value).map_err(|error| format!("no UTF-8: {error}"))?;
    // An array of so many members would be read as a row, too.
    if !text.trim_ascii_start().starts_with('{') {
        return Err("no event: it must be a JSON object".to_owned());
    }
    let row: Row<'_> = serde_json::from_str(text).map_err(|error| format!("no event: {error}"))?;
    for (name, json) in [("properties", row.properties), ("context", row.context)] {
        if !json.get().starts_with('{') {
            return Err(format!("no event: {name} must be a JSON object"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"seq":1,"event_id":"0193c1a2-7b1c-7def-8123-456789abcdef","event_name":"n","occurred_at":"t",
        "received_at":"t","organization_id":"o","source":"s","trust":"server","schema_version":1,
        "properties":{"b":1.0,"b":2},"context":{}}"#;

    #[test]
    fn an_event_stays_as_it_is() {
        assert_eq!(checked(Some(EVENT.as_bytes())), Ok(EVENT));
        // New members may come.
        let newer = EVENT.replacen('{', r#"{"new":[],"#, 1);
        assert_eq!(checked(Some(newer.as_bytes())), Ok(newer.as_str()));
    }

    #[test]
    fn what_is_no_event_is_told_why() {
        let deep = EVENT.replace("\"context\":{}", &format!("\"context\":{}", "[".repeat(200)));
        let listed = EVENT.replace("\"context\":{}", "\"context\":[]");
        let nameless = EVENT.replace("event_name", "name");
        let fractional = EVENT.replace("\"schema_version\":1", "\"schema_version\":1.5");
        for (value, reason) in [
            (None, "no value"),
            (Some(&b"\xff\xfe"[..]), "no UTF-8"),
            (Some(b""), "must be a JSON object"),
            (Some(b"{\"a\":"), "no event: EOF"),
            (Some(b"[1]"), "must be a JSON object"),
            (Some(deep.as_bytes()), "no event: "),
            (Some(listed.as_bytes()), "context must be a JSON object"),
            (Some(nameless.as_bytes()), "missing field `event_name`"),
            (Some(fractional.as_bytes()), "no event: invalid type: floating point"),
        ] {
            let said = checked(value).unwrap_err();
            assert!(said.contains(reason), "{said} has {reason}");
        }
    }
}
