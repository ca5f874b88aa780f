//! A thread with its own instance of each image, which runs one batch of calls after another.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use napi::bindgen_prelude::{ClassInstance, Object};
use napi::{Env, JsDeferred};
use napi_derive::napi;

use crate::engine;
use crate::guest::Guest;
use crate::image::{Compiled, Image};
use crate::instance::Outcome;
use crate::panics::contain;

#[napi(object)]
pub struct Call {
    /// Which of the component's images to run in.
    pub image: String,
    pub request: String,
    /// Units, an integer from 0 to 2^53.
    pub fuel: f64,
}

#[napi(object, use_nullable = true)]
pub struct CallResult {
    pub response: Option<String>,
    pub trap: Option<String>,
    pub fuel_used: f64,
}

impl From<Outcome> for CallResult {
    fn from(Outcome { answer, fuel_used }: Outcome) -> Self {
        let trap = answer.as_ref().err().map(ToString::to_string);
        Self { response: answer.ok(), trap, fuel_used }
    }
}

type Resolver = Box<dyn FnOnce(Env) -> napi::Result<Vec<CallResult>> + Send>;
type BatchPromise = JsDeferred<Vec<CallResult>, Resolver>;

/// What the thread and its owner both see.
#[derive(Default)]
struct Shared {
    /// Calls of the current batch that are done.
    progress: AtomicU32,
    /// Whether the thread takes no more batches: it was told to, or it panicked.
    ended: AtomicBool,
    /// Of the current batch. Whoever takes it settles it.
    promise: Mutex<Option<BatchPromise>>,
}

impl Shared {
    fn resolve(&self, results: Vec<CallResult>) {
        if let Some(promise) = self.swap(None) {
            promise.resolve(Box::new(|_| Ok(results)));
        }
    }

    /// Takes the promise first, so that what a thread got done when it sees that it has ended is not taken for all.
    fn end(&self, reason: impl Into<String>) {
        let promise = self.swap(None);
        self.ended.store(true, Ordering::Release);
        if let Some(promise) = promise {
            promise.reject(napi::Error::from_reason(reason.into()));
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn swap(&self, promise: Option<BatchPromise>) -> Option<BatchPromise> {
        std::mem::replace(&mut *self.promise.lock().unwrap_or_else(PoisonError::into_inner), promise)
    }
}

/// Lives until it is stopped, or until a panic ends it, which rejects the batch it was at.
#[napi]
pub struct Worker {
    batches: Sender<Vec<Call>>,
    shared: Arc<Shared>,
}

#[napi]
impl Worker {
    /// Starts a thread for the images, which have these names.
    #[napi(constructor)]
    pub fn new(names: Vec<String>, images: Vec<ClassInstance<'_, Image>>) -> napi::Result<Self> {
        let images = names.into_iter().zip(images.iter().map(|image| Arc::clone(&image.0))).collect();
        let shared = Arc::new(Shared::default());
        let mut thread = Thread { images, guests: HashMap::new(), shared: Arc::clone(&shared) };
        let (batches, queue) = channel();
        std::thread::Builder::new()
            .name("azr-wasmtime".to_owned())
            .stack_size(engine::THREAD_STACK)
            .spawn(move || thread.serve(&queue))?;
        Ok(Self { batches, shared })
    }

    /// Runs a batch, one at a time. Rejects when the worker is lost, with the reason.
    #[napi]
    pub fn run<'env>(&self, env: &'env Env, calls: Vec<Call>) -> napi::Result<Object<'env>> {
        let (promise, object) = env.create_deferred()?;
        self.shared.progress.store(0, Ordering::Relaxed);
        // A thread that was stopped may still be at its last batch, whose results must not settle this one.
        if self.shared.has_ended() {
            promise.reject(napi::Error::from_reason("the worker thread has ended"));
            return Ok(object);
        }
        self.shared.swap(Some(promise));
        // A thread that ended is perhaps not yet gone, so that sending may work and be of no use.
        if self.shared.has_ended() || self.batches.send(calls).is_err() {
            self.shared.end("the worker thread has ended");
        }
        Ok(object)
    }

    /// Calls of the current batch that are done.
    #[napi(getter)]
    pub fn progress(&self) -> u32 {
        self.shared.progress.load(Ordering::Relaxed)
    }

    /// Rejects the batch and ends the thread, after the call it is at: nothing but its fuel can end that.
    #[napi]
    pub fn stop(&self) {
        self.shared.end("the worker was stopped");
        // Wakes a thread that waits for work.
        let _ = self.batches.send(Vec::new());
    }
}

/// The thread's side.
struct Thread {
    images: HashMap<String, Arc<Compiled>>,
    guests: HashMap<String, Guest>,
    shared: Arc<Shared>,
}

impl Thread {
    fn serve(&mut self, batches: &Receiver<Vec<Call>>) {
        for calls in batches {
            match contain(|| self.run(calls)) {
                Ok(results) => self.shared.resolve(results),
                Err(panic) => self.shared.end(format!("the worker thread died: {panic}")),
            }
            if self.shared.has_ended() {
                break;
            }
        }
    }

    fn run(&mut self, calls: Vec<Call>) -> Vec<CallResult> {
        let mut results = Vec::with_capacity(calls.len());
        for Call { image, request, fuel } in calls {
            if self.shared.has_ended() {
                break;
            }
            results.push(self.guest(image).call(&request, fuel).into());
            self.shared.progress.fetch_add(1, Ordering::Relaxed);
        }
        results
    }

    /// Panics where the pool or the machine is at fault: no program has a say in it.
    fn guest(&mut self, name: String) -> &mut Guest {
        let images = &self.images;
        self.guests.entry(name).or_insert_with_key(|name| {
            let Some(image) = images.get(name) else {
                panic!("the component has no image {name}");
            };
            Guest::new(Arc::clone(image))
                .unwrap_or_else(|error| panic!("image {name} cannot be instantiated: {error:#}"))
        })
    }
}
