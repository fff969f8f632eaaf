use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// How long to wait before the next attempt to connect: 25 to 50 milliseconds at first, twice as long each time,
/// up to 1 second.
///
/// It is by chance, so that the processes that have lost their server do not all come at once.
#[derive(Debug)]
pub struct RetryPause(Duration);

impl Default for RetryPause {
    fn default() -> Self {
        Self(FIRST)
    }
}

impl RetryPause {
    /// The next one.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.0.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.0 = (self.0 * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_become_longer_up_to_a_second() {
        let mut pause = RetryPause::default();
        for most in [50, 100, 200, 400, 800, 1000, 1000] {
            let most = Duration::from_millis(most);
            let next = pause.next_pause();
            assert!(most / 2 <= next && next <= most, "{next:?} of {most:?}");
        }
    }
}
