//! The fields of a domain event, which are the envelope's own.

use tallymark_event::wire;

use super::{
    event::{Event, Lifted, scan_part},
    scan::{Key, Malformed, Scanner},
    value::Value,
};
use crate::{Dialect, clean, redact, tag};

/// Reads one member of an event.
pub(super) fn read_member<'t>(
    scanner: &mut Scanner<'t>,
    key: &Key<'t>,
    event: &mut Event<'t>,
    kept: &mut Vec<&'t str>,
) -> Result<(), Malformed> {
    let name = key.name();
    if *name == *b"properties" {
        let withholds = |name: &[u8], value: Value<'t>| {
            event.is_suspect |= redact::is_suspect(name, value);
            clean::withholds(Dialect::DomainEvents, name)
        };
        event.properties = scan_part(scanner, kept, withholds)?;
    } else if *name == *b"context" {
        let withholds = |name: &[u8], value: Value<'t>| {
            if let Some(slot) = in_context(&mut event.lifted, name) {
                *slot = Some(value);
                return true;
            }
            clean::withholds(Dialect::DomainEvents, name) || tag::is_reserved_in_context(name)
        };
        event.context = scan_part(scanner, kept, withholds)?;
    } else {
        let value = scanner.value()?;
        if let Some(slot) = field(event, &name) {
            *slot = Some(value);
        }
    }
    Ok(())
}

/// Where a member of the context goes that has a meaning here, and is written anew.
fn in_context<'e, 't>(lifted: &'e mut Lifted<'t>, name: &[u8]) -> Option<&'e mut Option<Value<'t>>> {
    const CONSENT: &[u8] = wire::CONTEXT_CONSENT.as_bytes();
    const GPC: &[u8] = wire::CONTEXT_GPC.as_bytes();
    Some(match name {
        CONSENT => &mut lifted.consent,
        GPC => &mut lifted.gpc,
        _ => return None,
    })
}

/// Where a field goes.
fn field<'e, 't>(event: &'e mut Event<'t>, name: &[u8]) -> Option<&'e mut Option<Value<'t>>> {
    Some(match name {
        b"event_id" => &mut event.id,
        b"event_name" => &mut event.name,
        b"occurred_at" => &mut event.timestamp,
        b"organization_id" => &mut event.organization_id,
        b"anonymous_id" => &mut event.anonymous_id,
        b"source" => &mut event.source,
        b"user_id" => &mut event.lifted.user_id,
        b"session_id" => &mut event.lifted.session_id,
        b"entity_type" => &mut event.lifted.entity_type,
        b"entity_id" => &mut event.lifted.entity_id,
        b"correlation_id" => &mut event.lifted.correlation_id,
        b"schema_version" => &mut event.lifted.schema_version,
        _ => return None,
    })
}
