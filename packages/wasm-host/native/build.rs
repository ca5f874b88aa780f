//! Links the addon, and takes the versions that it reports from where they are written down.

fn main() {
    napi_build::setup();
    println!("cargo::rerun-if-env-changed=AZR_SOURCE_DIGEST");
    version("AZR_PACKAGE_VERSION", "../package.json", "\"version\": \"");
    version("AZR_WASMTIME_VERSION", "Cargo.toml", "wasmtime = { version = \"=");
}

/// Defines a variable for `env!`: what stands between `before` and the next quotation mark in a file.
fn version(variable: &str, file: &str, before: &str) {
    println!("cargo::rerun-if-changed={file}");
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("{file} does not say {before}"));
    let (version, _) = rest.split_once('"').unwrap_or_else(|| panic!("{file} ends in a version"));
    println!("cargo::rustc-env={variable}={version}");
}
