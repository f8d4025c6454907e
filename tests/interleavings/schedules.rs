//! Runs a scenario under many random schedules.

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};

/// Runs the scenario under this many schedules, or under `SHUTTLE_SCHEDULES`. A deadlock is detected, because all
/// threads sleep then.
pub(crate) fn check(schedules: usize, scenario: fn()) {
    run(RandomScheduler::new(configured().unwrap_or(schedules)), scenario);
}

/// Like [`check`], with few switches between threads: a thread can be suspended while another one does much.
#[cfg(feature = "denylist")]
pub(crate) fn check_long_pauses(schedules: usize, scenario: fn()) {
    run(PctScheduler::new(3, configured().unwrap_or(schedules)), scenario);
}

fn configured() -> Option<usize> {
    std::env::var("SHUTTLE_SCHEDULES").ok()?.parse().ok()
}

fn run(scheduler: impl Scheduler + 'static, scenario: fn()) {
    let mut config = shuttle::Config::new();
    // In a debug build, reading keys needs more than the default stack.
    config.stack_size = 512 * 1024;
    shuttle::Runner::new(scheduler, config).run(scenario);
}
