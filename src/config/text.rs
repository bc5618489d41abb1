//! How settings are written: time spans, numbers, networks, URLs.

use std::time::Duration;

use ipnet::IpNet;

/// A time span as people write it: `30s`, `10m`, `1h30m`; a bare number is seconds.
///
/// # Errors
/// When it is no such text, or not longer than nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let span = match text.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(u64::from(seconds)),
        Err(_) => text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|span| Duration::try_from(span).ok())
            .ok_or("write it like 30s, 10m or 1h30m")?,
    };
    if span.is_zero() { Err("it must be longer than nothing".to_owned()) } else { Ok(span) }
}

/// Reads `400d`, and whatever [`duration`] reads.
pub(super) fn days_or_duration(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 24 * 60 * 60;
    match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(days)) if days > 0 => Ok(Duration::from_secs(u64::from(days) * DAY)),
        _ => duration(text).map_err(|why| format!("{why}, or in days like 400d")),
    }
}

pub(super) fn positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| "it must be a whole number over 0".to_owned())
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| "write it like 10.0.0.0/8 or 2001:db8::1".to_owned())
}

/// Reads an address of the web.
///
/// # Errors
/// When it is none.
pub fn http_url(text: &str) -> Result<String, String> {
    match reqwest::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
        _ => Err("it must be an http or https URL".to_owned()),
    }
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    match reqwest::Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.origin().ascii_serialization() == text.trim_end_matches('/') =>
        {
            Ok(text.trim_end_matches('/').to_owned())
        }
        _ => Err("write it like https://app.example.org, without a path".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_written_as_people_write_them() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["", "0", "0s", "-5s", "soon", "1 month"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_trusted_proxy_is_a_network_or_an_address() {
        for (text, expected) in
            [("10.0.0.0/8", "10.0.0.0/8"), (" 10.0.0.1", "10.0.0.1/32"), ("::1", "::1/128")]
        {
            assert_eq!(network(text).map(|network| network.to_string()), Ok(expected.to_owned()));
        }
        for wrong in ["", "proxy", "10.0.0.0/33", "*"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn origins_have_no_path() {
        assert_eq!(origin("https://app.example.org/"), Ok("https://app.example.org".to_owned()));
        assert_eq!(origin("http://localhost:3000"), Ok("http://localhost:3000".to_owned()));
        for wrong in ["*", "app.example.org", "https://app.example.org/x", "null"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
