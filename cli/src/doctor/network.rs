//! Whether there is a host of that name, and whether it takes connections.

use std::{
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use ureq::http::Uri;

use super::walk::{Fault, Found};

/// How long one address may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Most addresses that are tried.
const MAX_ADDRESSES: usize = 4;

pub(super) fn resolve(url: &str) -> Found<Vec<SocketAddr>> {
    let uri = url.parse::<Uri>().map_err(|error| Fault::new(error.to_string(), "check --collector"))?;
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    // Brackets are a URL's; a resolver takes the address without.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let remedy = "check the name in --collector, and its DNS record (on Cloudflare: the Worker's route or custom domain)";
    let addresses: Vec<SocketAddr> = (bare, port)
        .to_socket_addrs()
        .map_err(|error| Fault::new(format!("{host} has no address: {error}"), remedy))?
        .take(MAX_ADDRESSES)
        .collect();
    let Some(first) = addresses.first() else {
        return Err(Fault::new(format!("{host} has no address"), remedy));
    };
    let told = format!("{host} is {}", first.ip());
    Ok((addresses, told))
}

pub(super) fn connect(addresses: &[SocketAddr]) -> Found<()> {
    let mut failures = Vec::new();
    for address in addresses {
        match TcpStream::connect_timeout(address, CONNECT_TIMEOUT) {
            Ok(_) => return Ok(((), format!("{address} takes connections"))),
            Err(error) => failures.push(format!("{address}: {error}")),
        }
    }
    let remedy =
        "check the port, that the collector runs, and firewalls on the way (a VPN, a proxy, egress rules)";
    Err(Fault::new(format!("no connection: {}", failures.join(", ")), remedy))
}
