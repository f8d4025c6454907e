//! Tokens of a real Better Auth server.
