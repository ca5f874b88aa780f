//! A compiled executor and the memory that each of its instances starts with. Workers share both.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, Buffer, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;
use wasmtime::{Extern, Instance, Memory, Module, Store, Val};

use crate::engine;
use crate::guest::Spare;
use crate::instance;
use crate::panics::contain;

const WASM_PAGE_BYTES: usize = 65_536;

/// An executor that workers can be started with.
#[napi]
pub struct Image(pub(crate) Arc<Compiled>);

/// The module, and an instance of it that is never called: its memory *is* the image.
pub struct Compiled {
    pub module: Module,
    pub spare: Spare,
    store: Store<()>,
    memory: Memory,
    length: usize,
}

impl Compiled {
    fn new(module: Module) -> wasmtime::Result<Self> {
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let Some(memory) = instance.get_memory(&mut store, "memory") else {
            wasmtime::bail!("the module exports no memory");
        };
        let Some(Extern::Global(pages)) = instance.get_export(&mut store, "azr:pages") else {
            wasmtime::bail!("the module does not export azr:pages");
        };
        let Val::I32(pages) = pages.get(&mut store) else {
            wasmtime::bail!("azr:pages is not an i32");
        };
        let length = (pages as usize * WASM_PAGE_BYTES).min(memory.data_size(&store));
        // Fails here, and not in a worker, if the module is not what the build promises.
        let spare = Spare::new(instance::Instance::new(&module)?);
        Ok(Self { module, spare, store, memory, length })
    }

    /// What the memory of a clean instance begins with. The rest of it is zero.
    pub fn bytes(&self) -> &[u8] {
        &self.memory.data(&self.store)[..self.length]
    }
}

/// Compiles a core module to native code for this machine.
#[napi]
pub fn compile(module: Uint8Array) -> AsyncTask<Compile> {
    AsyncTask::new(Compile(module))
}

/// Loads what `compile` returned. Anything else is undefined behaviour, so the caller must know where it comes from.
#[napi]
pub fn load(code: Uint8Array) -> AsyncTask<Load> {
    AsyncTask::new(Load(code))
}

pub struct Compile(Uint8Array);

impl Task for Compile {
    type Output = Vec<u8>;
    type JsValue = Buffer;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        contained(|| engine::shared()?.precompile_module(&self.0).map_err(reason))
    }

    fn resolve(&mut self, _: Env, code: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(code.into())
    }
}

pub struct Load(Uint8Array);

impl Task for Load {
    type Output = Image;
    type JsValue = Image;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        contained(|| {
            // SAFETY: the caller of `load` vouches that this is what `compile` returned, unchanged; wasmtime checks
            // that it was an engine like this one.
            let module = unsafe { Module::deserialize(engine::shared()?, &*self.0) }.map_err(reason)?;
            if module.imports().len() > 0 {
                return Err(napi::Error::from_reason("an executor component must not have imports"));
            }
            Ok(Image(Arc::new(Compiled::new(module).map_err(reason)?)))
        })
    }

    fn resolve(&mut self, _: Env, image: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(image)
    }
}

/// Node's own threads, which run these tasks, do not survive a panic.
fn contained<T>(work: impl FnOnce() -> napi::Result<T>) -> napi::Result<T> {
    contain(work).unwrap_or_else(|panic| Err(napi::Error::from_reason(panic)))
}

fn reason(error: wasmtime::Error) -> napi::Error {
    napi::Error::from_reason(format!("{error:#}"))
}
