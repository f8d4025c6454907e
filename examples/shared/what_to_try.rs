//! A demo token, and requests to try with it.

use std::error::Error;

use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::json;

/// Prints a token, as an issuer would give it out after a login, and requests with it.
pub(crate) fn print(url: &str, secret: &str) -> Result<(), Box<dyn Error>> {
    let token = mint(secret, "user-1")?;
    // The claims of another user, under the signature of this token.
    let other = mint(secret, "user-2")?;
    let signature = token.rsplit('.').next().unwrap_or_default();
    let claims = other.rsplit_once('.').map_or("", |(claims, _)| claims);
    let tampered = format!("{claims}.{signature}");
    println!("listening on {url}");
    println!("token: {token}");
    println!();
    println!("curl -i {url}/");
    println!("curl -i {url}/me");
    println!("curl -i {url}/me -H 'Authorization: Bearer {token}'");
    println!("curl -i {url}/me -H 'Authorization: Bearer {tampered}'");
    println!(
        "curl -i {url}/me -H 'Authorization: Bearer {token}' -H 'Authorization: Bearer {token}'"
    );
    Ok(())
}

/// A token of this user that is valid for 15 minutes.
fn mint(secret: &str, subject: &str) -> Result<String, Box<dyn Error>> {
    let now = get_current_timestamp();
    let email = format!("{subject}@example.com");
    let claims = json!({ "sub": subject, "email": email, "iat": now, "exp": now + 15 * 60 });
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())?)?)
}
