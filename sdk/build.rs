//! How the module is linked. The stack is small because nothing recurses and texts live on the heap; what
//! is not reserved is not zeroed when the page starts.

#![allow(clippy::disallowed_methods)] // Cargo tells a build script what it has to know in variables.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=4096");
    }
}
