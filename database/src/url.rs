//! Reading a database's URL.

use std::path::PathBuf;

use anyhow::{Result, bail};
use postgres::Config;

/// What of the server's certificate is looked at.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verification {
    /// Nothing, as libpq without `sslmode=verify-full`: who listens can't read along, who answers may be anybody.
    Nothing,
    /// Its chain and its host name: against this file's certificates, or those of the system.
    Full { roots: Option<PathBuf> },
}

/// A database's URL, or libpq's `key=value` text.
pub(crate) struct DatabaseUrl {
    pub(crate) config: Config,
    pub(crate) verification: Verification,
}

impl DatabaseUrl {
    /// The driver knows neither `sslmode=verify-…` nor `sslrootcert`: they are taken out, and carried out by [`super::tls`].
    pub(crate) fn parse(given: &str) -> Result<Self> {
        let (mut verified, mut roots) = (false, None);
        let is_url = given.starts_with("postgres://") || given.starts_with("postgresql://");
        let (head, settings, between) = match (is_url, given.split_once('?')) {
            (true, Some((head, query))) => (head, query.split('&').collect(), "&"),
            (true, None) => (given, Vec::new(), "&"),
            (false, _) => ("", given.split_whitespace().collect::<Vec<_>>(), " "),
        };
        let mut kept = Vec::new();
        for setting in settings {
            match setting.split_once('=') {
                Some(("sslmode", "verify-full" | "verify-ca")) => {
                    verified = true;
                    kept.push("sslmode=require");
                }
                Some(("sslrootcert", "system")) => verified = true,
                Some(("sslrootcert", path)) => {
                    (verified, roots) =
                        (true, Some(PathBuf::from(if is_url { decoded(path)? } else { path.to_owned() })));
                }
                _ => kept.push(setting),
            }
        }
        let kept = kept.join(between);
        let text =
            if is_url && !kept.is_empty() { format!("{head}?{kept}") } else { format!("{head}{kept}") };
        // The parser's messages name what they don't understand, and never a password.
        let config = text.parse::<Config>().map_err(|error| {
            let because =
                std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            crate::Unusable::new(
                format!("the database's URL can't be read: {because}"),
                "write it as postgres://user:password@host:5432/name?sslmode=verify-full",
            )
        })?;
        let verification = if verified { Verification::Full { roots } } else { Verification::Nothing };
        Ok(Self { config, verification })
    }
}

/// Percent-decodes a path.
fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit =
            |c: Option<u8>| c.and_then(|c| char::from(c).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match byte {
            b'%' => match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                _ => bail!("sslrootcert: % without two hexadecimal digits behind it"),
            },
            byte => bytes.push(byte),
        }
    }
    Ok(String::from_utf8(bytes)?)
}

#[cfg(test)]
mod tests {
    use postgres::config::SslMode;

    use super::*;

    #[test]
    fn sslmode_as_libpq_means_it() {
        let full = |roots: Option<&str>| Verification::Full { roots: roots.map(PathBuf::from) };
        for (given, mode, verification) in [
            ("postgres://u:p@h/d", SslMode::Prefer, Verification::Nothing),
            ("postgres://u:p@h/d?sslmode=disable", SslMode::Disable, Verification::Nothing),
            (
                "postgresql://u:p@h/d?sslmode=require&application_name=x",
                SslMode::Require,
                Verification::Nothing,
            ),
            ("postgres://u:p@h/d?sslmode=verify-full", SslMode::Require, full(None)),
            (
                "postgres://h/d?sslmode=verify-ca&sslrootcert=/etc/my%20ca.pem",
                SslMode::Require,
                full(Some("/etc/my ca.pem")),
            ),
            (
                "host=h dbname=d sslmode=verify-full sslrootcert=ca.pem",
                SslMode::Require,
                full(Some("ca.pem")),
            ),
            ("host=h sslmode=require sslrootcert=system", SslMode::Require, full(None)),
        ] {
            let url = DatabaseUrl::parse(given).unwrap();
            assert_eq!((url.config.get_ssl_mode(), url.verification), (mode, verification), "{given}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_no_password_is() {
        for given in ["postgres://u:s3cret@h/d?sslmod=require", "postgres://u:s3cret@h:port/d", "s3cret"] {
            let message = format!("{:#}", DatabaseUrl::parse(given).err().unwrap());
            assert!(!message.contains("s3cret"), "{message}");
            assert!(message.contains("postgres://user:password@host"), "{message}");
        }
    }
}
