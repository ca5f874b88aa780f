//! One instance of an executor, which can be restored after a trap as after an answer.
//!
//! Everything that a guest can change is its memory and its mutable globals, which the metering exports: it refuses
//! modules that write to a table. This does in wasmtime what `src/coreModule.ts` does in V8, verdict for verdict.

use std::ops::Range;

use wasmtime::{Global, Memory, Module, Mutability, Store, Trap, TypedFunc, Val, WasmParams, WasmResults};

use crate::clean::{BLOCK_SHIFT, MARK, restore, take_runs};

/// A longer one comes from a guest that its program has taken apart.
const LONGEST_RESPONSE: usize = 1 << 23;

/// How a call ended: what the guest answered, or why it did not.
pub struct Outcome {
    pub answer: Result<String, &'static str>,
    /// Units; after a fuel trap all that was given.
    pub fuel_used: f64,
}

pub struct Instance {
    store: Store<()>,
    memory: Memory,
    marks: Memory,
    /// Mutable globals with the values that they start with.
    globals: Vec<(Global, Val)>,
    depth: Global,
    refused: Global,
    run: TypedFunc<(i32, i32), i32>,
    realloc: TypedFunc<(i32, i32, i32, i32), i32>,
    post_run: TypedFunc<i32, ()>,
    set_fuel: TypedFunc<f64, ()>,
    fuel_left: TypedFunc<(), f64>,
    /// Blocks that were found to be marked.
    runs: Vec<Range<usize>>,
}

impl Instance {
    pub fn new(module: &Module) -> wasmtime::Result<Self> {
        let mut store = Store::new(module.engine(), ());
        let instance = wasmtime::Instance::new(&mut store, module, &[])?;
        let mut exports = Exports { instance, store: &mut store };
        Ok(Self {
            memory: exports.memory("memory")?,
            marks: exports.memory("azr:marks")?,
            globals: exports.mutable_globals(),
            depth: exports.global("azr:depth")?,
            refused: exports.global("azr:refused")?,
            run: exports.function("run")?,
            realloc: exports.function("cabi_realloc")?,
            post_run: exports.function("cabi_post_run")?,
            set_fuel: exports.function("set-fuel")?,
            fuel_left: exports.function("fuel-left")?,
            runs: Vec::new(),
            store,
        })
    }

    /// Runs one request, in whatever state the instance is.
    pub fn call(&mut self, request: &str, fuel: f64) -> Outcome {
        match self.set_fuel(fuel).and_then(|()| self.answer(request.as_bytes())) {
            Ok(response) => {
                let fuel_used = fuel - self.fuel_left();
                Outcome { answer: Ok(response), fuel_used }
            }
            Err(error) => {
                let left = self.fuel_left();
                let trap = self.classify(&error, left);
                Outcome { answer: Err(trap), fuel_used: fuel - left.max(0.0) }
            }
        }
    }

    /// The canonical ABI of `run: func(request: string) -> string`.
    fn answer(&mut self, request: &[u8]) -> wasmtime::Result<String> {
        let length = i32::try_from(request.len())?;
        let pointer = self.realloc.call(&mut self.store, (0, 0, 1, length))?;
        self.write(pointer as u32 as usize, request)?;
        let result = self.run.call(&mut self.store, (pointer, length))?;
        let response = {
            let at = result as u32 as usize;
            let (start, length) = (self.word(at)?, self.word(at + 4)?);
            wasmtime::ensure!(length <= LONGEST_RESPONSE, "a response of {length} bytes");
            std::str::from_utf8(self.bytes(start, length)?)?.to_owned()
        };
        self.post_run.call(&mut self.store, result)?;
        Ok(response)
    }

    fn classify(&mut self, error: &wasmtime::Error, fuel_left: f64) -> &'static str {
        if fuel_left < 0.0 {
            return "fuel";
        }
        // The module's own limit strikes first; should the native stack end before it, the verdict is the same.
        let too_deep = self.depth.get(&mut self.store).unwrap_i32() < 0;
        if too_deep || matches!(error.downcast_ref(), Some(Trap::StackOverflow)) {
            return "stack";
        }
        if self.refused.get(&mut self.store).unwrap_i32() == 1 { "memory" } else { "trap" }
    }

    /// How many blocks the calls since the last restoration wrote to.
    pub fn find_marked(&mut self) -> usize {
        let blocks = self.memory.data_size(&self.store) >> BLOCK_SHIFT;
        take_runs(&mut self.marks.data_mut(&mut self.store)[..blocks], &mut self.runs);
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }

    /// Back to the image: every block that was found marked, what a store can reach around it, and the globals.
    pub fn restore(&mut self, image: &[u8]) {
        let memory = self.memory.data_mut(&mut self.store);
        for run in self.runs.drain(..) {
            restore(memory, image, &run);
        }
        for (global, value) in &self.globals {
            global.set(&mut self.store, *value).expect("a mutable global takes the value it had");
        }
    }

    fn set_fuel(&mut self, units: f64) -> wasmtime::Result<()> {
        self.set_fuel.call(&mut self.store, units)
    }

    fn fuel_left(&mut self) -> f64 {
        self.fuel_left.call(&mut self.store, ()).expect("reading a global does not trap")
    }

    fn write(&mut self, pointer: usize, bytes: &[u8]) -> wasmtime::Result<()> {
        self.memory.write(&mut self.store, pointer, bytes)?;
        let blocks = pointer >> BLOCK_SHIFT..=(pointer + bytes.len()) >> BLOCK_SHIFT;
        self.marks.data_mut(&mut self.store)[blocks].fill(MARK);
        Ok(())
    }

    fn bytes(&self, start: usize, length: usize) -> wasmtime::Result<&[u8]> {
        let Some(bytes) = self.memory.data(&self.store).get(start..start + length) else {
            wasmtime::bail!("bytes {start} to {} are beyond the memory", start + length);
        };
        Ok(bytes)
    }

    fn word(&self, at: usize) -> wasmtime::Result<usize> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.bytes(at, 4)?);
        Ok(u32::from_le_bytes(bytes) as usize)
    }
}

/// What a fresh instance exports. Names and types are the build's promise; a module that breaks it is refused.
struct Exports<'a> {
    instance: wasmtime::Instance,
    store: &'a mut Store<()>,
}

impl Exports<'_> {
    fn memory(&mut self, name: &str) -> wasmtime::Result<Memory> {
        self.instance.get_memory(&mut *self.store, name).ok_or_else(|| missing("memory", name))
    }

    fn global(&mut self, name: &str) -> wasmtime::Result<Global> {
        self.instance.get_global(&mut *self.store, name).ok_or_else(|| missing("global", name))
    }

    fn function<P: WasmParams, R: WasmResults>(&mut self, name: &str) -> wasmtime::Result<TypedFunc<P, R>> {
        self.instance.get_typed_func(&mut *self.store, name)
    }

    fn mutable_globals(&mut self) -> Vec<(Global, Val)> {
        let globals: Vec<Global> =
            self.instance.exports(&mut *self.store).filter_map(wasmtime::Export::into_global).collect();
        globals
            .into_iter()
            .filter_map(|global| {
                let mutable = global.ty(&*self.store).mutability() == Mutability::Var;
                mutable.then(|| (global, global.get(&mut *self.store)))
            })
            .collect()
    }
}

fn missing(kind: &str, name: &str) -> wasmtime::Error {
    wasmtime::format_err!("the module exports no {kind} {name}")
}
