//! Generates Rust code from the service definition.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let definition = protox::compile(["orders.proto"], ["proto"])?;
    tonic_prost_build::compile_fds(definition)?;
    Ok(())
}
