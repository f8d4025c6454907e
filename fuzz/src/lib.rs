//! What the fuzz targets need beside the crate.

pub mod json_mutator;
pub mod strict_json;
