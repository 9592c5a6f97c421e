//! The start gate: agents start up by burning CPU, so only one a core does it at one time.

use std::num::NonZero;
use std::thread::available_parallelism;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Lets as many attempts start up at one time as there are cores.
#[derive(Debug, Clone)]
pub struct StartGate {
    places: std::sync::Arc<Semaphore>,
}

/// A place in the gate; free again when dropped.
#[derive(Debug)]
pub struct Starting {
    _place: Option<OwnedSemaphorePermit>,
}

impl StartGate {
    /// A gate as wide as the machine.
    pub fn of_this_machine() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        Self {
            places: std::sync::Arc::new(Semaphore::new(cores)),
        }
    }

    /// Waits for a place.
    pub async fn enter(&self) -> Starting {
        Starting {
            _place: self.places.clone().acquire_owned().await.ok(),
        }
    }
}
