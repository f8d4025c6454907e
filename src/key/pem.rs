//! Public keys in PEM form (RFC 7468): the label names the structure inside.
//!
//! Everything that RFC 7468 §2 and §3 let a parser ignore is ignored: text around the blocks, the length of lines, the
//! kind of line breaks, characters of the content that are not base64, and the label of the last line.

use std::collections::BTreeMap;

use base64_simd::STANDARD_NO_PAD;
use memchr::memmem::find;

use super::der::{self, invalid_key, private_key};
use super::material::Material;
use super::not_pem::{damaged_boundary, escaped_line_breaks, not_pem};
use crate::error::BuildError;

const DASHES: &[u8] = b"-----";
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// The fix for a certificate, which `pem` rejects.
#[cfg(feature = "x509")]
const CERTIFICATE_FIX: &str =
    "Call `VerificationKey::certificate` if you trust this certificate's key";
#[cfg(not(feature = "x509"))]
const CERTIFICATE_FIX: &str = "Enable the feature `x509` and call `VerificationKey::certificate` if you trust this \
    certificate's key, or pass its public key: `openssl x509 -in cert.pem -noout -pubkey`";

/// Reads and checks a key. The caller's algorithm is checked against its type later.
pub(super) fn read(text: &[u8]) -> Result<Material, BuildError> {
    let blocks = blocks(text)?;
    let block = match &*blocks {
        [block] => block,
        chain if chain.iter().all(Block::is_certificate) => return Err(certificate()),
        several => return Err(several_blocks(several)),
    };
    let parse = match block.label {
        "PUBLIC KEY" => der::subject_public_key_info,
        "RSA PUBLIC KEY" => der::pkcs1,
        "CERTIFICATE" => return Err(certificate()),
        other => return Err(other_label(other)),
    };
    parse(&block.decode()?).unwrap_or_else(|_| Err(other_content(block.label)))
}

/// One block, which is not decoded yet.
pub(super) struct Block<'t> {
    pub(super) label: &'t str,
    content: &'t [u8],
}

/// The blocks of a text: at least one, and none of them a private key.
pub(super) fn blocks(text: &[u8]) -> Result<Vec<Block<'_>>, BuildError> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, from_label)) = split(rest, BEGIN) {
        let (block, after) = Block::read(from_label)?;
        blocks.push(block);
        rest = after;
    }
    if blocks.is_empty() { Err(not_pem(text)) } else { Ok(blocks) }
}

impl<'t> Block<'t> {
    /// Reads from the label on; also returns the text behind the block.
    fn read(text: &'t [u8]) -> Result<(Self, &'t [u8]), BuildError> {
        let (label, rest) = boundary(text).ok_or_else(damaged_boundary)?;
        if label.contains("PRIVATE KEY") {
            return Err(private_key("a PEM with a private key"));
        }
        let (content, from_label) = split(rest, END).ok_or_else(|| unfinished(label))?;
        if find(content, BEGIN).is_some() {
            return Err(unfinished(label));
        }
        let (_, after) = boundary(from_label).ok_or_else(|| unfinished(label))?;
        Ok((Self { label, content }, after))
    }

    pub(super) fn is_certificate(&self) -> bool {
        self.label == "CERTIFICATE"
    }

    /// Decodes the content.
    pub(super) fn decode(&self) -> Result<Vec<u8>, BuildError> {
        if let Some(found) = escaped_line_breaks(self.content) {
            return Err(altered_line_breaks(found));
        }
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let is_padding = |byte: &&u8| **byte == b'=';
        let end = self.content.iter().position(|byte| *byte == b'=').unwrap_or(self.content.len());
        let (data, behind) = self.content.split_at(end);
        if behind.iter().any(is_base64) || behind.iter().filter(is_padding).count() > 2 {
            return Err(other_content(self.label));
        }
        let data: Vec<u8> = data.iter().copied().filter(is_base64).collect();
        STANDARD_NO_PAD.decode_to_vec(data).map_err(|_| other_content(self.label))
    }
}

/// The texts before and behind a part.
fn split<'t>(text: &'t [u8], part: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let at = find(text, part)?;
    Some((text.get(..at)?, text.get(at + part.len()..)?))
}

/// The label of a boundary, which is printable ASCII, and the text behind the boundary.
fn boundary(text: &[u8]) -> Option<(&str, &[u8])> {
    let (label, rest) = split(text, DASHES)?;
    let is_label = label.len() <= 64 && label.iter().all(|byte| matches!(byte, b' '..=b'~'));
    Some((str::from_utf8(label).ok().filter(|_| is_label)?, rest))
}

fn certificate() -> BuildError {
    invalid_key(
        "a PEM with a certificate".into(),
        "neither its dates nor its signer would be checked",
        CERTIFICATE_FIX,
    )
}

fn other_label(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}`"),
        "it is not a public key",
        "Pass a `PUBLIC KEY` or an `RSA PUBLIC KEY`",
    )
}

fn other_content(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}` with other content"),
        "its content is not the base64 of the DER structure that the label names",
        "Export the key again",
    )
}

fn unfinished(label: &str) -> BuildError {
    invalid_key(
        format!("a PEM labelled `{label}` that does not end with a line `-----END {label}-----`"),
        "a part of the key may be missing",
        "Pass the whole content of the key file",
    )
}

fn altered_line_breaks(found: &str) -> BuildError {
    invalid_key(
        format!("a PEM with `{found}` in place of line breaks"),
        "the line breaks were escaped in transit, so the text is not the content of the key file",
        "Restore them, for example with `text.replace(\"\\\\n\", \"\\n\")`, or pass the key on one line without them",
    )
}

/// The blocks are listed by their labels.
pub(super) fn several_blocks(blocks: &[Block<'_>]) -> BuildError {
    let mut counts = BTreeMap::new();
    for block in blocks {
        *counts.entry(block.label).or_insert(0) += 1;
    }
    let listed: Vec<_> = counts.iter().map(|(label, n)| format!("{n} `{label}`")).collect();
    invalid_key(
        format!("a PEM with several blocks ({})", listed.join(", ")),
        "it is not clear which of them is the issuer's key",
        "Keep only the block of the issuer's signing key",
    )
}
