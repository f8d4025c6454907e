//! Helpers for the fuzz targets.

pub mod json_mutator;
pub mod strict_json;
