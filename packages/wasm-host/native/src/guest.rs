//! What a worker calls: an instance that is clean for every call.
//!
//! Restoring takes time in proportion to what the last program wrote to: 0.03 ms for most, milliseconds for one that
//! filled all memory. In the latter case another thread does it, while a spare instance stands in. There is one for
//! all workers.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use crate::image::Compiled;
use crate::instance::{Instance, Outcome};

/// More blocks than this (2 MiB) are worth a thread.
const MANY_BLOCKS: usize = 1 << 12;

pub struct Guest {
    image: Arc<Compiled>,
    instance: Instance,
}

impl Guest {
    pub fn new(image: Arc<Compiled>) -> wasmtime::Result<Self> {
        let instance = Instance::new(&image.module)?;
        Ok(Self { image, instance })
    }

    /// Runs one request from the clean state.
    pub fn call(&mut self, request: &str, fuel: f64) -> Outcome {
        let blocks = self.instance.find_marked();
        if blocks <= MANY_BLOCKS || !self.stand_in() {
            self.instance.restore(self.image.bytes());
        }
        self.instance.call(request, fuel)
    }

    /// Puts the spare instance in the place of this one, if it is there, and has this one restored to be the next.
    fn stand_in(&mut self) -> bool {
        let Some(spare) = self.image.spare.swap(None) else {
            return false;
        };
        let mut used = std::mem::replace(&mut self.instance, spare);
        let image = Arc::clone(&self.image);
        // Without a thread to be had, there is no spare one from then on.
        let _ = Builder::new().spawn(move || {
            used.restore(image.bytes());
            image.spare.swap(Some(used));
        });
        true
    }
}

/// The spare instance of an image, while it is there.
pub struct Spare(Mutex<Option<Instance>>);

impl Spare {
    pub fn new(instance: Instance) -> Self {
        Self(Mutex::new(Some(instance)))
    }

    fn swap(&self, instance: Option<Instance>) -> Option<Instance> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), instance)
    }
}
