//! The verifier, without HTTP.
