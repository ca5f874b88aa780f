//! A thread with its own instance of each image, which runs one batch of calls after another.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

const ENDED: &str = "the worker thread has ended";

type Resolver = Box<dyn FnOnce(Env) -> napi::Result<Vec<CallResult>> + Send>;
type BatchPromise = JsDeferred<Vec<CallResult>, Resolver>;

/// What the thread and its owner both see.
#[derive(Default)]
struct Shared {
    /// Calls that are done.
    progress: AtomicU64,
    /// Whether the thread takes no more batches: it was told to, or it panicked.
    ended: AtomicBool,
    /// Of the batches that are not answered, in order. Whoever takes one settles it.
    promises: Mutex<VecDeque<BatchPromise>>,
}

impl Shared {
    /// Of the first batch.
    fn resolve(&self, results: Vec<CallResult>) {
        let first = self.promises().pop_front();
        if let Some(promise) = first {
            promise.resolve(Box::new(|_| Ok(results)));
        }
    }

    /// Nothing is queued from now on, and what a thread got done when it sees that it has ended is not taken for all.
    fn end(&self, reason: &str) {
        let mut promises = self.promises();
        self.ended.store(true, Ordering::Release);
        for promise in promises.drain(..) {
            promise.reject(napi::Error::from_reason(reason.to_owned()));
        }
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn promises(&self) -> MutexGuard<'_, VecDeque<BatchPromise>> {
        self.promises.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lives until it is stopped, or until a panic ends it, which rejects the batches that it has.
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

    /// Runs a batch after those before it. Rejects when the worker is lost, with the reason.
    #[napi]
    pub fn run<'env>(&self, env: &'env Env, calls: Vec<Call>) -> napi::Result<Object<'env>> {
        let (promise, object) = env.create_deferred()?;
        {
            let mut promises = self.shared.promises();
            if self.shared.has_ended() {
                promise.reject(napi::Error::from_reason(ENDED));
                return Ok(object);
            }
            promises.push_back(promise);
        }
        // A thread that ended is perhaps not yet gone, so that sending may work: then its end rejects the promise.
        if self.batches.send(calls).is_err() {
            self.shared.end(ENDED);
        }
        Ok(object)
    }

    /// Calls that are done since the start.
    #[napi(getter)]
    pub fn progress(&self) -> f64 {
        self.shared.progress.load(Ordering::Relaxed) as f64
    }

    /// Rejects the batches and ends the thread, after the call it is at: nothing but its fuel can end that.
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
                Err(panic) => self.shared.end(&format!("the worker thread died: {panic}")),
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
