//! Generates the gRPC service `accounts.v1.Accounts`, as from a `.proto` file.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // prost implements messages for `()` and `String`: `Empty` and `StringValue` of Protocol Buffers.
    let me = Method::builder()
        .name("me")
        .route_name("Me")
        .input_type("crate::proto::Empty")
        .output_type("String")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let accounts = Service::builder().package("accounts.v1").name("Accounts").method(me).build();
    Builder::new().compile(&[accounts]);
}
