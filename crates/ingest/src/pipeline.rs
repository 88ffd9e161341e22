//! The seven verbs, in order.

use tallymark_event::Timestamp;

use crate::{
    Network, Protocol, Refusal, Request, Step,
    admit::{self, Admission},
    append::Appender,
    decode::{self, Event, StreamPosition},
    identity::{Identities, Identity},
    judge::{Checked, Violation, judge},
    link::Links,
    place::{Clocks, Moment},
    planned,
    plans::{self, Known, PlanRecord},
    posthog::capture_v1,
    quarantine::Keeping,
    registry::Registry,
    settings,
    shed::Shed,
    tag::Tagger,
    token::{self, Token},
};

/// Takes a request that brings events from its bytes to what the log appends.
pub(crate) fn ingest(
    registry: &Registry,
    shed: &mut Shed,
    protocol: Protocol,
    request: &Request<'_>,
    now: Timestamp,
) -> Result<Step, Refusal> {
    let dialect = protocol.dialect();
    let payload = decode::payload(protocol, request, now)?;
    let mut batch = decode::events(dialect, &payload)?;

    let key = admit::presented_key(protocol, request, &batch)?;
    let vouched;
    let lookup;
    let admission = if protocol.takes_tokens() && token::is_token(&key) {
        let token = Token::read(&key)?;
        lookup = token.lookup();
        let Some(signer) = registry.keys.signer(&lookup, now)? else { return Ok(Step::NeedKey { lookup }) };
        vouched = token.verified(signer, now)?;
        let organization_id = vouched.organization_id.as_str();
        admit::admit_token(request, signer, &vouched)
            .map_err(|refusal| shed.refused(organization_id, refusal))?
    } else {
        lookup = if protocol == Protocol::Measurement {
            admit::lookup_of_secret(&key)
        } else {
            admit::lookup(&key)
        };
        let Some(record) = registry.keys.get(&lookup, now)? else { return Ok(Step::NeedKey { lookup }) };
        admit::admit(protocol, request, record)
            .map_err(|refusal| shed.refused(record.organization_id.as_str(), refusal))?
    };
    if protocol == Protocol::Measurement {
        let lookup = admit::lookup(&admit::presented_stream(request)?);
        let Some(stream) = registry.keys.get(&lookup, now)? else { return Ok(Step::NeedKey { lookup }) };
        if stream.organization_id.as_str() != admission.organization_id {
            return Err(shed.refused(admission.organization_id, Refusal::ForeignStream));
        }
    }
    let Some(settings) = registry.settings.get(admission.organization_id, now)? else {
        return Ok(Step::NeedKey { lookup: format!("{}{}", settings::PREFIX, admission.organization_id) });
    };
    let plan = match registry.plans.get(admission.organization_id, now)? {
        Known::Plan(plan) => Some(plan),
        Known::Without => None,
        Known::Unknown => {
            return Ok(Step::NeedKey { lookup: format!("{}{}", plans::PREFIX, admission.organization_id) });
        }
    };

    let network = request.address.and_then(Network::of);
    shed.admitted(&admission, &lookup, network, batch.events.is_empty(), &settings.limits, now)?;

    let keeping = Keeping { plan, redaction: &settings.privacy.redaction };
    let clocks = Clocks::new(request, &batch, &admission, now);
    let mut identities = Identities::new(now);
    let mut links = Links::new(admission.trust);
    let mut tagger = Tagger::new(protocol, request, admission, &settings.privacy, clocks);
    let mut appender =
        Appender::new(protocol, admission.organization_id, now, payload.len(), batch.events.len());
    for report in core::mem::take(&mut batch.streams) {
        appender.report(report);
    }
    for event in &batch.events {
        let identity = identities.of(event);
        let position = StreamPosition::of(event);
        let moment = clocks.place(event);
        match judged(protocol, &admission, plan, event, identity, &moment, &[]) {
            // Cleaning happens as tagging writes: what is withheld is never copied.
            Ok(checked) => {
                links.read(event, &checked, tagger.who(event, &checked), moment.occurred_at);
                appender.store(&tagger.tag(event, &batch, &checked, &moment), position);
            }
            Err(violation) => {
                appender
                    .quarantine(event, identity, &violation, position, &tagger.provenance(), keeping)
                    .map_err(|refusal| shed.refused(admission.organization_id, refusal))?;
            }
        }
    }
    for will in &batch.wills {
        let event = &will.event;
        let identity = identities.of(event);
        let moment = clocks.place(event);
        let judged = judged(protocol, &admission, plan, event, identity, &moment, &[]);
        let verdict = match &judged {
            Ok(checked) => Ok(tagger.tag(event, &batch, checked, &moment)),
            Err(violation) => Err((violation, tagger.provenance(), keeping)),
        };
        appender.bequeath(will, identity, moment.occurred_at, verdict);
    }
    links.write(appender.links());
    Ok(Step::Append(appender.finish(settings.limits.events_per_day)))
}

/// Judges an event by all rules of the protocol that it came by, and by the tenant's plan. `withheld`: what the plan has
/// withheld of it already.
pub(crate) fn judged<'t>(
    protocol: Protocol,
    admission: &Admission<'_>,
    plan: Option<&'t PlanRecord>,
    event: &Event<'t>,
    identity: Identity,
    moment: &Moment<'_>,
    withheld: &'t [String],
) -> Result<Checked<'t>, Violation> {
    if protocol == Protocol::CaptureV1 {
        capture_v1::judge(event, moment)?;
    }
    let checked = judge(protocol.dialect(), admission, event, identity, moment)?;
    match plan {
        None => Ok(checked),
        Some(plan) => planned::judge(plan, admission.source, event, checked, withheld),
    }
}
