//! What the headers of a response mean.

use std::time::Duration;

use http::header::{AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::failure::FetchError;
use crate::error::quoted;
use crate::key::FetchFailure;
use crate::url::Url;

/// The failure that a response with this status is. `withheld` is whether the request had none of the configured
/// headers.
pub(super) fn failure(status: StatusCode, headers: &HeaderMap, withheld: bool) -> FetchError {
    let failure = match status {
        StatusCode::NOT_MODIFIED => FetchFailure::UnexpectedNotModified,
        StatusCode::NOT_FOUND => FetchFailure::NotFound,
        StatusCode::GONE => FetchFailure::Gone,
        _ if status.is_redirection() => FetchFailure::Redirect,
        _ if status.is_client_error() => FetchFailure::ClientError,
        _ if status.is_server_error() => FetchFailure::ServerError,
        _ => FetchFailure::Status,
    };
    let page = html(headers.get(CONTENT_TYPE)).map(|it| format!(" with HTML ({it})"));
    let target = redirect(headers).filter(|_| failure == FetchFailure::Redirect);
    let target = target.map(|url| format!(", to {}", quoted(&url.place())));
    let [page, target] = [page, target].map(Option::unwrap_or_default);
    let mut predicate = format!("answered {status}{page}{target}");
    if withheld && failure == FetchFailure::ClientError {
        predicate += "; `header` and `authorization` are sent to the configured origin only, which \
                      `keys_url` can change";
    }
    let cause = format!("status {status}");
    let mut error = FetchError::caused(failure, cause).with_detail(&predicate);
    error.retry_after = retry_after(headers);
    error
}

/// The content type, if it is HTML.
pub(super) fn html(content_type: Option<&HeaderValue>) -> Option<String> {
    let text = content_type?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    let is_html = ["text/html", "application/xhtml+xml"]
        .iter()
        .any(|html| essence.eq_ignore_ascii_case(html));
    is_html.then(|| quoted(text).to_string())
}

fn redirect(headers: &HeaderMap) -> Option<Url> {
    Url::read(headers.get(LOCATION)?.to_str().ok()?).ok()
}

/// The seconds of `Retry-After` (RFC 9110 §10.2.3). A date is ignored, because it depends on the server's clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = seconds(headers.get(RETRY_AFTER)?.to_str().ok()?.trim())?;
    (seconds != 0).then(|| Duration::from_secs(seconds))
}

/// The failure of a response with a content coding, which was not requested.
pub(super) fn encoding(headers: &HeaderMap) -> Option<FetchError> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    let other = encodings.find(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))?;
    let name = String::from_utf8_lossy(other.as_bytes());
    let predicate = format!("answered with the content encoding {}", quoted(&name));
    Some(FetchError::because(FetchFailure::Encoding, &predicate))
}

/// `max-age` minus `Age` (RFC 9111 §4.2). `no-store` and `no-cache` mean zero. Unreadable values are ignored.
pub(super) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL);
    let directives = directives.iter().filter_map(|value| value.to_str().ok());
    let mut age = None;
    for directive in directives.flat_map(|value| value.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Some(Duration::ZERO);
        }
        if name.eq_ignore_ascii_case("max-age") {
            // The shortest of several values applies.
            let Some(seconds) = seconds(value) else { continue };
            age = Some(age.map_or(seconds, |other: u64| other.min(seconds)));
        }
    }
    let spent = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?.trim()));
    age.map(|age| Duration::from_secs(age.saturating_sub(spent.unwrap_or_default())))
}

/// A number of seconds; a number that does not fit becomes the maximum (RFC 9111 §1.2.2).
fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_follows_from_the_response_headers() {
        for (cache_control, age, seconds) in [
            (&[][..], "", None),
            (&["max-age=300"], "", Some(300)),
            (&["public, max-age=300, must-revalidate"], "", Some(300)),
            (&["MAX-AGE = 300"], "", Some(300)),
            (&["max-age=\"300\""], "", Some(300)),
            (&["max-age=300"], "100", Some(200)),
            (&["max-age=300"], "400", Some(0)),
            (&["max-age=300"], "soon", Some(300)),
            (&["max-age=300", "max-age=200"], "", Some(200)),
            (&["no-store"], "", Some(0)),
            (&["no-cache, max-age=300"], "", Some(0)),
            (&["max-age=300", "no-cache=\"set-cookie\""], "", Some(0)),
            (&["max-age=-1"], "", None),
            (&["max-age=soon, no-store"], "", Some(0)),
            (&["max-age="], "", None),
            (&["max-age"], "", None),
            (&["max-age=1.5"], "", None),
            (&["s-maxage=300"], "", None),
            (&["x-max-age=300"], "", None),
            (&["max-age=99999999999999999999999999"], "", Some(u64::MAX)),
            (&["max-age=99999999999999999999999999"], "99999999999999999999", Some(0)),
        ] {
            let mut headers = HeaderMap::new();
            for value in cache_control {
                headers.append(CACHE_CONTROL, value.parse().unwrap());
            }
            if !age.is_empty() {
                headers.insert(AGE, age.parse().unwrap());
            }
            assert_eq!(
                max_age(&headers),
                seconds.map(Duration::from_secs),
                "{cache_control:?} {age}"
            );
        }
    }
}
