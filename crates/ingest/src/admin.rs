//! Administration: the registry's records, made and changed by the operator of a collector.
//!
//! The registry is a store of named texts without transactions, whose readers may see a change a minute late. So whatever
//! takes several writes is in an order in which each of them leaves everything whole: what others lead to comes first,
//! what leads there last. Whoever was interrupted does it again.
//!
//! # In scope
//! Who may ([`access`]), the paths ([`route`]), and of each call what has to be read of the registry ([`found`]), what is to
//! be written there, and what is answered. Sans I/O, like all of the crate: the shell reads and writes.
//!
//! # Out of scope
//! What the records mean to a request that brings events: [`crate::keys`], [`crate::plans`], [`crate::signer`].

mod access;
mod body;
mod defect;
mod found;
mod keys;
mod origins;
mod plan;
mod record;
mod route;
mod stored_key;
mod version;

pub use access::Operators;
pub use defect::Defect;
pub use found::Wanted;
pub(crate) use route::{Route, route};

use tallymark_event::Timestamp;

use crate::{Answer, Refusal, Request, limits::ADMIN_RANDOM_BYTES};

use found::{Found, Pause};
use route::Call;

/// What to do next about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Administration {
    /// Read this of the registry, and ask again with it among what was found.
    Read(Wanted),
    /// Write these, in this order and each after the other is done; then answer.
    Done {
        /// What to write.
        writes: Vec<Write>,
        /// What to answer.
        answer: Answer,
    },
}

/// A change of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// A text under a name, in place of what is there.
    Put {
        /// The name.
        name: String,
        /// The text.
        value: String,
        /// What a list of names is to say of it: a JSON object of at most 1,024 bytes.
        metadata: Option<String>,
        /// When the registry may forget it.
        until: Option<Timestamp>,
    },
    /// Nothing under that name any more.
    Delete {
        /// The name.
        name: String,
    },
}

impl Write {
    fn put(name: String, value: String) -> Self {
        Self::Put { name, value, metadata: None, until: None }
    }
}

/// What a call comes to when it is carried out.
struct Done {
    writes: Vec<Write>,
    answer: Answer,
}

impl Done {
    /// Nothing is written.
    fn told(body: String) -> Self {
        Self { writes: Vec::new(), answer: Answer::json(200, body) }
    }
}

/// What is wrong with a record of a kind that is another crate's to read, and what to do about it.
pub type RecordCheck = fn(&str) -> Result<(), String>;

/// What a call may go by.
struct Facts<'a> {
    request: &'a Request<'a>,
    found: Found<'a>,
    /// New with each request, and nobody's guess.
    random: &'a [u8; ADMIN_RANDOM_BYTES],
    /// Reads lists of destinations.
    destinations: RecordCheck,
    now: Timestamp,
}

/// The next step of a call that [`access`] has admitted. `found` is what was read so far: see [`found::Found`].
pub(crate) fn administer(
    route: Route<'_>,
    request: &Request<'_>,
    found: &str,
    random: &[u8; ADMIN_RANDOM_BYTES],
    destinations: RecordCheck,
    now: Timestamp,
) -> Administration {
    let facts = Facts { request, found: Found::new(found), random, destinations, now };
    match carried_out(route, &facts) {
        Ok(Done { writes, answer }) => Administration::Done { writes, answer },
        Err(Pause::Read(wanted)) => Administration::Read(wanted),
        Err(Pause::Refused(refusal)) => Administration::Done { writes: Vec::new(), answer: refusal.answer() },
    }
}

fn carried_out(Route { subject, call }: Route<'_>, facts: &Facts<'_>) -> Result<Done, Pause> {
    let subject = route::subject(subject, call)?;
    match call {
        Call::ListKeys => keys::list(&subject, facts),
        Call::MakeKey => keys::make(&subject, facts),
        Call::ShowKey(id) => keys::show(&subject, id, facts),
        Call::RotateKey(id) => keys::rotate(&subject, id, facts),
        Call::RevokeKey(id) => keys::revoke(&subject, id, facts),
        Call::ShowPlan => plan::show(&subject, facts),
        Call::PushPlan => plan::push(&subject, facts),
        Call::ListVersions => plan::versions(&subject, facts),
        Call::RollBack => plan::roll_back(&subject, facts),
        Call::ShowRecord(kind) => record::show(kind, &subject, facts),
        Call::PutRecord(kind) => record::put(kind, &subject, facts),
        Call::DeleteRecord(kind) => Ok(record::delete(kind, &subject)),
    }
}

/// Whether the request is the operator's.
pub(crate) fn admit(operators: &Operators, request: &Request<'_>) -> Result<(), Refusal> {
    access::admit(operators, request)
}
