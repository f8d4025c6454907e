//! Prints demo tokens and curl commands.

use std::error::Error;

use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::json;

/// Prints a valid token, as an issuer returns it after a login, a tampered token, and requests with both.
pub(crate) fn print(url: &str, secret: &str) -> Result<(), Box<dyn Error>> {
    let token = mint(secret, "user-1")?;
    // The claims of another user with the signature of this token.
    let other = mint(secret, "user-2")?;
    let signature = token.rsplit('.').next().unwrap_or_default();
    let claims = other.rsplit_once('.').map_or("", |(claims, _)| claims);
    let tampered = format!("{claims}.{signature}");
    println!("listening on {url}");
    println!();
    println!("TOKEN={token}");
    println!("TAMPERED={tampered}");
    let authorization = "-H \"Authorization: Bearer $TOKEN\"";
    println!("curl -i {url}/");
    println!("curl -i {url}/me # 401");
    println!("curl -i {url}/me {authorization}");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TAMPERED\" # 401");
    println!("curl -i {url}/me {authorization} {authorization} # 400");
    Ok(())
}

/// Mints a token for this user that is valid for 15 minutes.
fn mint(secret: &str, subject: &str) -> Result<String, Box<dyn Error>> {
    let now = get_current_timestamp();
    let email = format!("{subject}@example.com");
    let claims = json!({ "sub": subject, "email": email, "iat": now, "exp": now + 15 * 60 });
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(secret.as_bytes())?)?)
}
