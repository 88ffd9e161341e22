//! Talking to a collector: where it is, with which secret, and what its refusals mean to whoever typed the command.
#![allow(clippy::indexing_slicing)] // only of JSON values, which give null for what is not there

use std::{env, fmt, net::Ipv4Addr, time::Duration};

use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::{
    Agent, Body,
    http::{Method, Request, Response, Uri},
};

use crate::{
    agent::agent,
    output::{Problem, Stop},
};

/// How long a command waits for one answer. A replay of 10,000 events takes a collector seconds.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Largest answer that is read: a page of 1,000 rows has some 600 kB, the largest plan 1 MiB.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// What stands in a path or query as it is (RFC 3986, "unreserved"). The rest is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where the collector is.
#[derive(Args)]
pub(crate) struct Address {
    #[arg(
        long,
        env = "TALLYMARK_COLLECTOR",
        value_name = "URL",
        hide_env_values = true,
        help = "The collector's address, such as https://metrics.shop.example"
    )]
    collector: String,
}

/// Whose secret a command goes by. Secrets come from the environment alone: arguments are seen by every process of the
/// machine, and stay in the shell's history.
#[derive(Clone, Copy)]
pub(crate) enum Secret {
    /// The operator's token (`ak_…`): makes keys, pushes plans.
    Admin,
    /// A key of the organization: `rk_…` reads, `sk_…` changes what is stored.
    Key,
}

impl Secret {
    pub(crate) const fn variable(self) -> &'static str {
        match self {
            Self::Admin => "TALLYMARK_ADMIN_TOKEN",
            Self::Key => "TALLYMARK_KEY",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Admin => "the operator's token (ak_…; `tallymark keys admin-token` makes one)",
            Self::Key => "a key of the organization (rk_… to read, sk_… to change what is stored)",
        }
    }
}

/// A collector that can be asked.
pub(crate) struct Collector {
    agent: Agent,
    /// Without a slash at its end.
    url: String,
    secret: Secret,
    authorization: String,
}

impl Address {
    /// The address, if it can be one.
    pub(crate) fn url(&self) -> Result<String, Stop> {
        checked(&self.collector)
    }

    /// Takes the secret from the environment. Nothing is sent yet.
    pub(crate) fn collector(&self, secret: Secret) -> Result<Collector, Stop> {
        let url = checked(&self.collector)?;
        let variable = secret.variable();
        let given = env::var(variable).unwrap_or_default();
        let given = given.trim();
        if given.is_empty() || !given.bytes().all(|byte| byte.is_ascii_graphic()) {
            let state = if given.is_empty() { "is not set" } else { "holds what no key is" };
            return Err(stopped(format!("{variable} {state}"), format!("put {} there", secret.what())));
        }
        Ok(Collector { agent: agent(TIMEOUT), url, secret, authorization: format!("Bearer {given}") })
    }
}

/// The address without what is too much. Secrets don't travel in the clear, but on this machine.
fn checked(address: &str) -> Result<String, Stop> {
    let remedy =
        || "name it like https://metrics.shop.example (--collector, or TALLYMARK_COLLECTOR)".to_owned();
    let uri = address.trim().parse::<Uri>().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.host()?)));
    // Not by how it begins: 127.0.0.1.example is anywhere.
    let is_loopback = |host: &str| host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    let is_local = |host: &str| matches!(host, "localhost" | "[::1]") || is_loopback(host);
    match parts {
        Some(("https", _)) => {}
        Some(("http", host)) if is_local(host) => {}
        Some(("http", _)) => {
            let message = format!("{address} is not encrypted: whoever is on the way would read the secret");
            return Err(stopped(message, "use https://".to_owned()));
        }
        _ => return Err(stopped(format!("{address} is no address of a collector"), remedy())),
    }
    if uri.is_some_and(|uri| uri.query().is_some()) {
        return Err(stopped(format!("{address} has a query"), remedy()));
    }
    Ok(address.trim().trim_end_matches('/').to_owned())
}

impl Collector {
    /// `GET path`, a path with its query.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Stop> {
        self.ask(&Method::GET, path, None)
    }

    /// `POST path` with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Stop> {
        self.ask(&Method::POST, path, Some(body.to_string()))
    }

    /// `PUT path` with a body that is JSON text already.
    pub(crate) fn put(&self, path: &str, body: String) -> Result<Value, Stop> {
        self.ask(&Method::PUT, path, Some(body))
    }

    /// `DELETE path`.
    pub(crate) fn delete(&self, path: &str) -> Result<Value, Stop> {
        self.ask(&Method::DELETE, path, None)
    }

    fn ask(&self, method: &Method, path: &str, body: Option<String>) -> Result<Value, Stop> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", &self.authorization)
            .header("accept", "application/json");
        let answer = match body {
            None => request.body(()).map_err(ureq::Error::from).and_then(|request| self.agent.run(request)),
            Some(body) => request
                .header("content-type", "application/json")
                .body(body)
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
        };
        let mut answer = answer.map_err(|error| self.unreachable(&error))?;
        let status = answer.status().as_u16();
        let text = read(&mut answer).map_err(|error| self.unreachable(&error))?;
        let read = serde_json::from_str::<Value>(&text);
        match (status, read) {
            (200..=299, Ok(value)) => Ok(value),
            (_, Ok(refusal)) if refusal["code"].is_string() => Err(self.refused(status, &refusal)),
            _ => {
                let location = answer.headers().get("location").and_then(|it| it.to_str().ok());
                Err(self.no_collector(status, location))
            }
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> Stop {
        let message = format!("{} can't be reached: {error}", self.url);
        stopped(
            message,
            "check the address (--collector, or TALLYMARK_COLLECTOR), and that it runs".to_owned(),
        )
    }

    fn no_collector(&self, status: u16, location: Option<&str>) -> Stop {
        let message = format!("{} answers {status}, and not as a collector does", self.url);
        let remedy = match location {
            Some(location) => format!("it refers to {location}: name the collector's own address"),
            None => "check the address (--collector, or TALLYMARK_COLLECTOR)".to_owned(),
        };
        stopped(message, remedy)
    }

    /// What a collector says of a request that it did not carry out. Its `detail` has the remedy in it.
    fn refused(&self, status: u16, refusal: &Value) -> Stop {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        // What it was given is wrong in places, all of which it names.
        if let Some(problems) = refusal["problems"].as_array() {
            return Stop::found(problems.iter().map(|problem| {
                let number = |name: &str| problem[name].as_u64().and_then(|n| usize::try_from(n).ok());
                Problem {
                    path: text(&problem["path"]),
                    line: number("line"),
                    column: number("column"),
                    message: text(&problem["message"]).unwrap_or_default(),
                    remedy: text(&problem["remedy"]),
                }
            }));
        }
        let code = text(&refusal["code"]).unwrap_or_default();
        let detail = text(&refusal["detail"]).unwrap_or_default();
        let remedy = matches!(status, 401 | 403)
            .then(|| format!("{} must hold {}", self.secret.variable(), self.secret.what()));
        Stop::refused(Problem::new(format!("the collector answers {status} {code}: {detail}"), remedy))
    }
}

fn read(answer: &mut Response<Body>) -> Result<String, ureq::Error> {
    answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string()
}

fn stopped(message: String, remedy: String) -> Stop {
    Stop::refused(Problem::new(message, Some(remedy)))
}

/// A text as one piece of a path, or as a value in a query.
pub(crate) fn escaped(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, ESCAPED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_travel_encrypted_but_on_this_machine() {
        for address in [
            "https://metrics.shop.example/",
            "http://localhost:8787",
            "http://127.0.0.1:8787",
            "http://[::1]:8787",
        ] {
            assert_eq!(checked(address).unwrap(), address.trim_end_matches('/'));
        }
        for address in [
            "http://metrics.shop.example",
            "http://127.0.0.1.shop.example",
            "http://localhost.shop.example",
            "metrics.shop.example",
            "https://shop.example/?key=1",
        ] {
            assert!(checked(address).is_err(), "{address}");
        }
    }
}
