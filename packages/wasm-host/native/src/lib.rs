//! Runs executor components in wasmtime, for the `wasmtime` host of `@azr/wasm-host`.
//!
//! A component is a wrapping of one core module without imports that meters itself (`build/meter.ts`), so all there is
//! to do here is to compile that module, to call it on threads of its own, and to restore it before each call. The
//! pool, its queue, time-outs and the cache of compiled code are TypeScript.
//!
//! Covers: clean state for every call, traps told apart, panics contained. Does not cover: time, what requests mean.

// The exports to Node are not compiled into tests.
#![cfg_attr(test, allow(dead_code))]

mod clean;
mod engine;
mod guest;
mod image;
mod instance;
mod panics;
mod worker;

use napi_derive::napi;

/// What the loader compares before it uses anything else of the addon.
#[napi(object)]
pub struct Identity {
    /// Version of the npm package that this was built from.
    pub version: String,
    /// Changes when a function of the addon does.
    pub protocol: u32,
    /// Digest of this crate's files, which the loader takes of those that it finds.
    pub sources: String,
    /// Version of wasmtime.
    pub wasmtime: String,
    /// Equal for engines that can run each other's compiled code.
    pub compatibility: String,
}

const PROTOCOL: u32 = 3;

#[napi]
pub fn identify() -> napi::Result<Identity> {
    Ok(Identity {
        version: env!("AZR_PACKAGE_VERSION").to_owned(),
        protocol: PROTOCOL,
        // A plain `cargo build` does not know it, and makes an addon that is refused.
        sources: option_env!("AZR_SOURCE_DIGEST").unwrap_or_default().to_owned(),
        wasmtime: env!("AZR_WASMTIME_VERSION").to_owned(),
        compatibility: engine::compatibility()?,
    })
}
