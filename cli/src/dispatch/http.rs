//! Sending a request, and noting what came of it. Nothing in here judges.

use std::{
    borrow::Cow,
    io::{Read as _, Write as _},
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use flate2::{Compression, write::GzEncoder};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use tallymark_delivery::{Bearer, Failure, Outcome, Request};
use ureq::{Agent, http};

/// Most bytes of an answer that are read: some say which events they refuse.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

pub(crate) fn send(agent: &Agent, request: &Request) -> Outcome {
    if let Some(unfit) = request.unfit {
        return Outcome::Unfit { unfit: unfit.to_owned() };
    }
    let mut made = http::Request::post(&request.url);
    if let Some(bearer) = &request.bearer {
        let Some(authorization) = authorization(bearer) else {
            let detail = "the account's private key is none that can sign".to_owned();
            return Outcome::Failed { error: Failure::Unreachable, detail };
        };
        made = made.header("authorization", authorization);
    }
    for (name, value) in &request.headers {
        made = made.header(name, value);
    }
    if request.gzip {
        made = made.header("content-encoding", "gzip");
    }
    let plain = request.body.as_bytes();
    let body = if request.gzip { Cow::Owned(gzipped(plain)) } else { Cow::Borrowed(plain) };
    let answered = made.body(&*body).map_err(ureq::Error::from).and_then(|made| agent.run(made));
    match answered {
        Ok(answer) => {
            let status = answer.status().as_u16();
            let retry_after =
                answer.headers().get("retry-after").and_then(|it| it.to_str().ok()).map(str::to_owned);
            // One that breaks off has said its status all the same, and perhaps not which events it refuses.
            let mut body = Vec::new();
            let mut reader = answer.into_body().into_with_config().limit(MAX_ANSWER_BYTES).reader();
            let is_cut = reader.read_to_end(&mut body).is_err();
            Outcome::Answered {
                status,
                retry_after,
                body: String::from_utf8_lossy(&body).into_owned(),
                is_cut,
            }
        }
        Err(error) => {
            let failure = if matches!(error, ureq::Error::Timeout(_)) {
                Failure::TimedOut
            } else {
                Failure::Unreachable
            };
            Outcome::Failed { error: failure, detail: error.to_string() }
        }
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // A Vec takes all that is written into it.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// The token that an account signs itself (RS256).
fn authorization(Bearer { signing_input, private_key }: &Bearer) -> Option<String> {
    let base64: String =
        private_key.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(base64).ok()?).ok()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signing_input.as_bytes(), &mut signature).ok()?;
    Some(format!("Bearer {signing_input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}
