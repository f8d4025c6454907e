//! Where the metadata of a resource is (RFC 9728 §3.1).

use super::fixture::resource;

#[test]
fn the_well_known_path_is_inserted_after_the_host() {
    for (identifier, origin, path, query) in [
        ("https://api.example.com", "https://api.example.com", "", ""),
        ("https://api.example.com/", "https://api.example.com", "", ""),
        ("https://api.example.com/mcp", "https://api.example.com", "/mcp", ""),
        ("https://api.example.com/mcp/", "https://api.example.com", "/mcp/", ""),
        ("https://api.example.com/a/b%20c", "https://api.example.com", "/a/b%20c", ""),
        ("https://api.example.com:8443/mcp", "https://api.example.com:8443", "/mcp", ""),
        ("https://api.example.com:443/mcp", "https://api.example.com:443", "/mcp", ""),
        ("HTTPS://API.example.com/MCP", "HTTPS://API.example.com", "/MCP", ""),
        ("https://[2001:db8::1]/mcp", "https://[2001:db8::1]", "/mcp", ""),
        ("https://api.example.com?tenant=1", "https://api.example.com", "", "?tenant=1"),
        ("https://api.example.com/?tenant=1", "https://api.example.com", "", "?tenant=1"),
        ("https://api.example.com/mcp?a=/b", "https://api.example.com", "/mcp", "?a=/b"),
    ] {
        let api = resource(identifier).build().unwrap();
        let path = format!("/.well-known/oauth-protected-resource{path}");
        assert_eq!(api.metadata_path(), path, "{identifier}");
        assert_eq!(api.metadata_url(), format!("{origin}{path}{query}"), "{identifier}");
        assert_eq!(api.identifier(), identifier);
    }
}
