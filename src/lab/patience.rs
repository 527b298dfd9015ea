//! How long something is waited for: until it is so, and longer where the machine is busy.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How soon it is looked again whether it is so by now: the less often, the longer it has taken.
const TICKS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// A wait that has begun. Its time is what the thing takes at most on a machine with nothing else
/// to do; on a busy one it is so much longer as there are processes for each core.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    begun: Instant,
    time: Duration,
}

impl Patience {
    /// Begins to wait for something of at most this time.
    pub fn of(time: Duration) -> Self {
        Self { begun: Instant::now(), time }
    }

    /// Whether to wait on. The machine may have got busier meanwhile: it is asked at the end.
    pub fn is_left(&self) -> bool {
        let waited = self.waited();
        waited < self.time || waited < on_this_machine(self.time)
    }

    /// Since it began.
    pub fn waited(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Waits for the thing itself. Whether it came.
    pub fn until(self, mut so: impl FnMut() -> bool) -> bool {
        loop {
            // Looked at before the clock: it counts though it came late.
            let came = so();
            if came || !self.is_left() {
                return came;
            }
            sleep((self.waited() / 10).clamp(TICKS.0, TICKS.1));
        }
    }
}

/// What takes so long on a machine with nothing else to do may take so long now.
pub fn on_this_machine(time: Duration) -> Duration {
    // proc_loadavg(5); without it nothing is known, and nothing is added.
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = u32::try_from(cores).unwrap_or(u32::MAX);
    time.mul_f64((processes(&text) / f64::from(cores)).clamp(1.0, MOST))
}

/// A load that does not go away is not waited out for ever.
const MOST: f64 = 30.0;

/// How many processes want to run: now, or on average over the last minute, whichever is more.
fn processes(loadavg: &str) -> f64 {
    let mut words = loadavg.split_whitespace();
    let average = words.next().and_then(|word| word.parse::<f64>().ok());
    let now = words.nth(2).and_then(|word| word.split('/').next()?.parse::<f64>().ok());
    average.unwrap_or_default().max(now.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_what_is_waiting_now_or_was_lately() {
        assert_eq!(processes("0.50 1.00 2.00 9/300 12345\n"), 9.0);
        assert_eq!(processes("20.25 1.00 2.00 1/300 12345\n"), 20.25);
        assert_eq!(processes(""), 0.0);
    }

    #[test]
    fn what_comes_is_seen_and_what_does_not_is_given_up() {
        let mut looks = 0;
        assert!(Patience::of(Duration::ZERO).until(|| true));
        assert!(Patience::of(Duration::from_secs(60)).until(|| {
            looks += 1;
            looks == 3
        }));
        assert!(!Patience::of(Duration::from_millis(1)).until(|| false));
    }
}
