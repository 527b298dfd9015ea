//! Doing the same with many hosts at a time.

use std::sync::Mutex;
use std::thread::ScopedJoinHandle;

use super::LabError;

/// How many at a time. More boots at once would only make each take longer.
const AT_ONCE: usize = 16;

/// Does something with every item, some at a time; begins nothing more after a failure.
pub(super) fn side_by_side<I, T: Send>(
    items: impl IntoIterator<Item = I, IntoIter: Send>,
    act: impl Fn(I) -> Result<T, LabError> + Sync,
) -> Result<Vec<T>, LabError> {
    let queue = Mutex::new(items.into_iter());
    let next = || queue.lock().ok().and_then(|mut items| items.next());
    let work = || {
        let mut done = Vec::new();
        while let Some(item) = next() {
            match act(item) {
                Ok(result) => done.push(result),
                Err(error) => {
                    while next().is_some() {}
                    return Err(error);
                }
            }
        }
        Ok(done)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let results: Result<Vec<Vec<T>>, LabError> = workers.into_iter().map(joined).collect();
        Ok(results?.into_iter().flatten().collect())
    })
}

/// A thread's result. A panic in it is ours, and goes on.
pub(super) fn joined<T>(thread: ScopedJoinHandle<'_, Result<T, LabError>>) -> Result<T, LabError> {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
