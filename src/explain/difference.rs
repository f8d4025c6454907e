//! Small differences between two names. Each function returns whether the names differ in that way only.

/// The parts of a URL, or of a name without a scheme.
#[derive(PartialEq, Eq)]
struct Parts<'n> {
    scheme: &'n str,
    host: &'n str,
    port: &'n str,
    path: &'n str,
    has_slash: bool,
}

fn parts(name: &str) -> Parts<'_> {
    let (scheme, rest) = name.split_once("://").unwrap_or(("", name));
    let has_slash = rest.ends_with('/');
    let rest = rest.trim_end_matches('/');
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit()) => {
            (host, port)
        }
        _ => (authority, ""),
    };
    Parts { scheme, host, port, path, has_slash }
}

fn is_local(host: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal"]
        .iter()
        .any(|it| host.eq_ignore_ascii_case(it))
}

pub(super) fn slash(one: &str, other: &str) -> bool {
    one != other && one.trim_end_matches('/') == other.trim_end_matches('/')
}

pub(super) fn case(one: &str, other: &str) -> bool {
    one != other && one.eq_ignore_ascii_case(other)
}

pub(super) fn scheme(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    one.scheme != other.scheme && one == Parts { scheme: one.scheme, ..other }
}

pub(super) fn port(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    one.port != other.port && one == Parts { port: one.port, ..other }
}

pub(super) fn local_host(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    let differ = one.host != other.host && is_local(one.host) && is_local(other.host);
    differ && one == Parts { host: one.host, ..other }
}

/// Whether the names differ in more than one of these ways.
pub(super) fn several(one: &str, other: &str) -> bool {
    let is_one = [slash, case, scheme, port, local_host].iter().any(|how| how(one, other));
    let (first, second) = (parts(one.trim()), parts(other.trim()));
    let is_same_host = first.host.eq_ignore_ascii_case(second.host)
        || (is_local(first.host) && is_local(second.host));
    one != other && !is_one && is_same_host && first.path.eq_ignore_ascii_case(second.path)
}

/// Whether the names are URLs with the same host and different paths.
pub(super) fn path(one: &str, other: &str) -> bool {
    let (one, other) = (parts(one), parts(other));
    !one.scheme.is_empty()
        && !other.scheme.is_empty()
        && one.host.eq_ignore_ascii_case(other.host)
        && !one.path.eq_ignore_ascii_case(other.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_difference_between_names_is_recognized() {
        type How = fn(&str, &str) -> bool;
        let ways: [(&str, How); 7] = [
            ("slash", slash),
            ("case", case),
            ("scheme", scheme),
            ("port", port),
            ("local_host", local_host),
            ("several", several),
            ("path", path),
        ];
        for (one, other, expected) in [
            ("https://a.example", "https://a.example/", "slash"),
            ("https://a.example/x", "https://a.example/x/", "slash"),
            ("orders", "orders/", "slash"),
            ("https://a.example", "https://A.example", "case"),
            ("Orders", "orders", "case"),
            ("https://a.example", "http://a.example", "scheme"),
            ("https://accounts.google.com", "accounts.google.com", "scheme"),
            ("api://0f1e", "0f1e", "scheme"),
            ("https://a.example", "https://a.example:443", "port"),
            ("http://localhost:8080/realms/a", "http://localhost:8081/realms/a", "port"),
            ("http://localhost:8080", "http://127.0.0.1:8080", "local_host"),
            ("http://[::1]:80/a", "http://LOCALHOST:80/a", "local_host"),
            ("https://a.example", "http://a.example/", "several"),
            ("https://a.example:443/", "https://A.example", "several"),
            ("http://localhost:1/", "https://127.0.0.1:2", "several"),
            (" orders", "orders", "several"),
            ("https://a.example/realms/a", "https://a.example/realms/b", "path"),
            ("https://a.example/auth/realms/a", "https://a.example/realms/a", "path"),
            ("https://a.example", "https://a.example", ""),
            ("https://a.example", "https://b.example", ""),
            ("https://a.example", "https://a.example.evil", ""),
            ("orders", "billing", ""),
            ("", "https://a.example", ""),
        ] {
            let found: Vec<_> =
                ways.iter().filter(|(_, how)| how(one, other)).map(|(name, _)| *name).collect();
            let expected: Vec<_> = [expected].into_iter().filter(|it| !it.is_empty()).collect();
            assert_eq!(found, expected, "{one} {other}");
        }
    }
}
