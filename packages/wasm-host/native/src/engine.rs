//! The one engine of the process: what compiled code may assume, and what it may use.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use wasmtime::{Config, Engine, WasmFeatures};

const MIB: usize = 1 << 20;

/// The module's own depth limit must strike before this does.
pub const WASM_STACK: usize = 64 * MIB;
/// Stack of a worker thread: that of the guest and room for the host's own frames. Only what is used takes memory.
pub const THREAD_STACK: usize = WASM_STACK + 2 * MIB;

/// The instructions that metered modules are made of (`build/instructions.ts`), and no others.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MULTI_MEMORY);

pub fn shared() -> napi::Result<&'static Engine> {
    static ENGINE: OnceLock<Result<Engine, String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| Engine::new(&config()).map_err(|error| format!("{error:#}")))
        .as_ref()
        .map_err(napi::Error::from_reason)
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all().difference(FEATURES), false)
        .max_wasm_stack(WASM_STACK)
        // Not used, but refused when smaller than the other.
        .async_stack_size(WASM_STACK)
        .generate_address_map(false);
    config
}

/// Equal for engines that can run each other's compiled code.
pub fn compatibility() -> napi::Result<String> {
    let mut hasher = DefaultHasher::new();
    shared()?.precompile_compatibility_hash().hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}
