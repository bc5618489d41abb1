//! The settings: whether `serve` would start, what of it others reach, what is recorded.

use std::time::Duration;

use super::Doctor;
use super::diagnosis::Diagnosis;
use crate::config::closed;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Retentions of the audit trail that are probably not meant: too short to find anything, longer than any purpose.
const SHORT_RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const LONG_RETENTION: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// Looks at the settings.
pub(super) fn examine(doctor: &Doctor, found: &mut Diagnosis) {
    starts(doctor, found);
    exposure(doctor, found);
    browsers_and_proxies(doctor, found);
    retention(doctor.audit.audit_retention, found);
}

fn starts(doctor: &Doctor, found: &mut Diagnosis) {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    match closed(&doctor.auth, doctor.http.listen, doctor.database.url(), &words) {
        Ok(rules) => found.ok(
            "settings",
            format!(
                "tokens of {} for {} are taken; users by {}",
                rules.issuer, rules.audience, rules.user_claim
            ),
        ),
        Err(reasons) => {
            for reason in reasons {
                // Each says after a colon what to set.
                let (what, mend) =
                    reason.rsplit_once(": ").unwrap_or((&reason, "see rec-registry serve --help"));
                found.error("settings", format!("serve would not start: {what}"), mend);
            }
        }
    }
}

fn exposure(doctor: &Doctor, found: &mut Diagnosis) {
    let http = &doctor.http;
    if http.listen.ip().is_loopback() {
        found.ok("exposure", format!("{} is reached from this machine alone", http.listen));
    } else {
        found.note(
            "exposure",
            format!("{} is reached from other machines, over HTTP without TLS", http.listen),
            "let a proxy with TLS stand before it, and nobody pass by the proxy",
        );
        let rates = &http.limits.rates;
        if rates.rate_limit_per_address.is_none() && rates.rate_limit_per_subject.is_none() {
            found.note(
                "rate_limits",
                "how often anybody asks has no limit",
                "set REC_REGISTRY_RATE_LIMIT_PER_SUBJECT and REC_REGISTRY_RATE_LIMIT_PER_ADDRESS, or limit it in the proxy",
            );
        }
    }
    if let Some(metrics) = http.metrics_listen {
        if metrics.ip().is_loopback() {
            found.ok("metrics", format!("metrics are read at {metrics}, from this machine alone"));
        } else {
            found.note(
                "metrics",
                format!("metrics are read at {metrics} by whoever reaches it, without a token"),
                "let a firewall or a network policy admit Prometheus alone",
            );
        }
    }
}

fn browsers_and_proxies(doctor: &Doctor, found: &mut Diagnosis) {
    for origin in &doctor.http.cors_origins {
        let is_local =
            ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|l| origin.starts_with(l));
        if origin.starts_with("http://") && !is_local {
            found.warning(
                "cors",
                format!("pages of {origin} may ask, which anybody on their way can change"),
                "serve the page over https, and name that origin in REC_REGISTRY_CORS_ORIGINS",
            );
        }
    }
    for network in &doctor.http.limits.rates.trusted_proxies {
        if network.prefix_len() == 0 {
            found.warning(
                "proxies",
                format!("X-Forwarded-For is believed from {network}, from anybody"),
                "name the proxies alone in REC_REGISTRY_TRUSTED_PROXIES",
            );
        }
    }
}

fn retention(kept: Duration, found: &mut Diagnosis) {
    let days = kept.as_secs() / DAY.as_secs();
    if kept < SHORT_RETENTION {
        found.note(
            "audit_retention",
            format!("the audit trail is kept for {days} days"),
            "who looked at what may be asked later: set REC_REGISTRY_AUDIT_RETENTION to as long as your rules say",
        );
    } else if kept > LONG_RETENTION {
        found.note(
            "audit_retention",
            format!("the audit trail is kept for {days} days"),
            "personal data is kept for as long as it is needed: set REC_REGISTRY_AUDIT_RETENTION",
        );
    } else {
        found.ok("audit_retention", format!("the audit trail is kept for {days} days"));
    }
}
