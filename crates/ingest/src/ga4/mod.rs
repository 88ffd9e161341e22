//! GA4's protocols, told in the batch dialect: what `gtag` and its like send to `/g/collect`, and the Measurement
//! Protocol's `/mp/collect`.
//!
//! A request is translated into the JSON text that a client of the batch dialect would have sent, and from there goes
//! the way of all requests: one set of rules, one envelope, one ledger. Events get their ids on the way, made of what
//! they say, so that sending a request again changes no row ([`stamp`]).
//!
//! # In scope
//! Form decoding and the merge rule ([`hit`]), consent ([`consent`]), items ([`items`]), client hints ([`hints`]), the
//! two translations ([`collect`], [`measurement`]) and Google's validation answers ([`validation`]).
//!
//! # Out of scope
//! What the names of the two worlds are to each other: [`tallymark_event::names`].
//!
//! # What is never kept
//! Addresses (`_uip`, `ip_override`), hashed personal data (`em`, `user_data`), advertising bookkeeping.

mod collect;
mod consent;
mod hints;
mod hit;
mod items;
mod measurement;
mod object;
mod page;
mod stamp;
mod validation;

pub(crate) use collect::{is_side_ping, translate as translate_hits};
pub(crate) use measurement::translate as translate_measurement;
pub(crate) use validation::validate;

use crate::Request;

/// Whether an `<img>` asks: it is to have a picture, or the page sees a failed one.
pub(crate) fn wants_image(request: &Request<'_>) -> bool {
    request.fetch_dest == Some("image") || request.accept.is_some_and(|accept| accept.starts_with("image/"))
}
