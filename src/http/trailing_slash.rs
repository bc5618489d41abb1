//! A trailing slash is taken as if it were not there.

use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};

/// The request without the slash at the end of its path. Nothing is decoded: an escaped slash stays.
pub(super) fn without_trailing_slash<B>(mut request: Request<B>) -> Request<B> {
    if let Some(uri) = shortened(request.uri()) {
        *request.uri_mut() = uri;
    }
    request
}

fn shortened(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty())?;
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_of_the_path_goes() {
        let of = |text: &str| {
            let request = Request::builder().uri(text).body(()).expect("a request");
            without_trailing_slash(request).uri().to_string()
        };
        assert_eq!(of("/user/"), "/user");
        assert_eq!(of("/user/?community=a/"), "/user?community=a/");
        assert_eq!(of("/user?community=a/"), "/user?community=a/");
        assert_eq!(of("/"), "/");
        assert_eq!(of("/a%2F"), "/a%2F");
        assert_eq!(of("/a%2F/"), "/a%2F");
        assert_eq!(of("/a//"), "/a/");
        assert_eq!(of("http://h/user/"), "http://h/user");
    }
}
