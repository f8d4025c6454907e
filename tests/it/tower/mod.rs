//! The contract of Tower.
