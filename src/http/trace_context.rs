//! The trace that a request is part of, as its caller says (W3C Trace Context): `traceparent` and `tracestate`.

use axum::http::{HeaderMap, HeaderName};
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");

/// How long a `traceparent` of version 00 is, in bytes.
const PARENT_BYTES: usize = 55;
/// Longest `tracestate` that is taken up, in bytes: what everybody must pass on.
const MAX_STATE_BYTES: usize = 512;

/// The trace and the span that a request comes from; none when no header says so, or none that is well formed.
pub(super) fn parent(headers: &HeaderMap) -> Option<SpanContext> {
    let mut given = headers.get_all(PARENT).iter();
    // Of two nobody knows which is true.
    let (Some(only), None) = (given.next(), given.next()) else { return None };
    let (trace, span, flags) = parse(only.to_str().ok()?)?;
    Some(SpanContext::new(trace, span, flags, true, state(headers).unwrap_or_default()))
}

/// The `tracestate`: it goes to the collector, where it belongs to the trace, and nowhere else.
fn state(headers: &HeaderMap) -> Option<TraceState> {
    let text = headers.get(STATE)?.to_str().ok()?;
    if text.len() > MAX_STATE_BYTES { None } else { text.parse().ok() }
}

/// Reads `00-` trace `-` span `-` flags. A later version may say more behind a further dash.
fn parse(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
    let bytes = text.as_bytes();
    let dashes = [2, 35, 52].iter().all(|&at| bytes.get(at) == Some(&b'-'));
    if !dashes || !text.is_ascii() {
        return None;
    }
    let version = hex(text.get(..2)?)?;
    let ends_well = match version {
        0 => bytes.len() == PARENT_BYTES,
        0xff => false,
        _ => matches!(bytes.get(PARENT_BYTES), None | Some(b'-')),
    };
    let trace = TraceId::from(hex(text.get(3..35)?)?);
    let span = SpanId::from(u64::try_from(hex(text.get(36..52)?)?).ok()?);
    let flags = u8::try_from(hex(text.get(53..PARENT_BYTES)?)?).ok()?;
    let is_valid = ends_well && trace != TraceId::INVALID && span != SpanId::INVALID;
    is_valid.then(|| (trace, span, TraceFlags::new(flags) & TraceFlags::SAMPLED))
}

/// A number in lower case hexadecimal digits, and in nothing else.
fn hex(text: &str) -> Option<u128> {
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_well_formed_parent_is_read() {
        for (text, sampled) in [
            (format!("00-{TRACE}-{SPAN}-01"), true),
            (format!("00-{TRACE}-{SPAN}-00"), false),
            (format!("00-{TRACE}-{SPAN}-ff"), true),
            (format!("01-{TRACE}-{SPAN}-01"), true),
            (format!("cc-{TRACE}-{SPAN}-01-what-comes-later"), true),
        ] {
            let (trace, span, flags) = parse(&text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!((trace.to_string(), span.to_string()), (TRACE.to_owned(), SPAN.to_owned()), "{text}");
            assert_eq!(flags.is_sampled(), sampled, "{text}");
        }
    }

    #[test]
    fn a_malformed_parent_is_none() {
        let (zeros, upper) = ("0".repeat(32), TRACE.to_uppercase());
        for text in [
            String::new(),
            "-".repeat(55),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("01-{TRACE}-{SPAN}-01more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{upper}-{SPAN}-01"),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}-{SPAN}-+1"),
            format!("00_{TRACE}_{SPAN}_01"),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("00-{}é-{SPAN}-01", &TRACE[2..]),
        ] {
            assert_eq!(parse(&text), None, "{text}");
        }
    }
}
