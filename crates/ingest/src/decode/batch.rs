//! The fields of an event in `PostHog`'s batch dialect, and what they are in the envelope's terms.

use tallymark_event::wire;

use super::{
    event::{Event, Lifted, scan_part},
    scan::{Key, Malformed, Scanner},
    value::Value,
};
use crate::{Dialect, clean, redact};

/// Reads one member of an event.
pub(super) fn read_member<'t>(
    scanner: &mut Scanner<'t>,
    key: &Key<'t>,
    event: &mut Event<'t>,
    kept: &mut Vec<&'t str>,
) -> Result<(), Malformed> {
    let name = key.name();
    if *name == *b"properties" {
        event.lifted = Lifted::default();
        event.is_suspect = false;
        event.properties = scan_part(scanner, kept, |name, value| {
            let is_withheld = property(&mut event.lifted, name).is_some_and(|slot| {
                *slot = Some(value);
                clean::withholds(Dialect::Batch, name)
            });
            event.is_suspect |= !is_withheld && redact::is_suspect(name, value);
            is_withheld
        })?;
        return Ok(());
    }
    let value = scanner.value()?;
    if let Some(slot) = field(event, &name) {
        *slot = Some(value);
    }
    Ok(())
}

/// Where an event's own field goes.
fn field<'e, 't>(event: &'e mut Event<'t>, name: &[u8]) -> Option<&'e mut Option<Value<'t>>> {
    Some(match name {
        b"event" => &mut event.name,
        b"uuid" => &mut event.id,
        b"timestamp" => &mut event.timestamp,
        b"offset" => &mut event.offset,
        b"distinct_id" | b"$distinct_id" => &mut event.distinct_id,
        b"token" | b"api_key" | b"$token" => &mut event.token,
        b"$set" => &mut event.set,
        b"$set_once" => &mut event.set_once,
        b"organization_id" => &mut event.organization_id,
        _ => return None,
    })
}

/// Where a property goes that has a meaning here.
fn property<'e, 't>(lifted: &'e mut Lifted<'t>, name: &[u8]) -> Option<&'e mut Option<Value<'t>>> {
    const ENTITY_TYPE: &[u8] = wire::ENTITY_TYPE.as_bytes();
    const ENTITY_ID: &[u8] = wire::ENTITY_ID.as_bytes();
    const CORRELATION_ID: &[u8] = wire::CORRELATION_ID.as_bytes();
    const SCHEMA_VERSION: &[u8] = wire::SCHEMA_VERSION.as_bytes();
    const STREAM_ID: &[u8] = wire::STREAM_ID.as_bytes();
    const SEQ: &[u8] = wire::SEQ.as_bytes();
    const CONSENT: &[u8] = wire::CONSENT.as_bytes();
    const GPC: &[u8] = wire::GPC.as_bytes();
    const MONOTONIC_MS: &[u8] = wire::MONOTONIC_MS.as_bytes();
    Some(match name {
        b"token" => &mut lifted.token,
        b"distinct_id" => &mut lifted.distinct_id,
        b"$user_id" => &mut lifted.user_id,
        b"$device_id" => &mut lifted.device_id,
        b"alias" => &mut lifted.alias,
        b"$anon_distinct_id" => &mut lifted.anon_distinct_id,
        b"$is_identified" => &mut lifted.is_identified,
        b"$process_person_profile" => &mut lifted.process_person_profile,
        b"$session_id" => &mut lifted.session_id,
        ENTITY_TYPE => &mut lifted.entity_type,
        ENTITY_ID => &mut lifted.entity_id,
        CORRELATION_ID => &mut lifted.correlation_id,
        SCHEMA_VERSION => &mut lifted.schema_version,
        STREAM_ID => &mut lifted.stream_id,
        SEQ => &mut lifted.seq,
        MONOTONIC_MS => &mut lifted.monotonic_ms,
        b"$organization_id" => &mut lifted.organization_id,
        b"$lib" => &mut lifted.lib,
        b"$lib_version" => &mut lifted.lib_version,
        b"$set" => &mut lifted.set,
        b"$set_once" => &mut lifted.set_once,
        b"$ignore_sent_at" => &mut lifted.ignore_sent_at,
        b"$cookieless_mode" => &mut lifted.cookieless_mode,
        CONSENT => &mut lifted.consent,
        GPC => &mut lifted.gpc,
        b"$ip" | b"ip" => &mut lifted.ip,
        _ => return None,
    })
}
