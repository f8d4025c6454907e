//! Runs a scenario under many random schedules.

use shuttle::scheduler::RandomScheduler;

/// Runs the scenario under this many schedules, or under `SHUTTLE_SCHEDULES`. A deadlock is detected, because all
/// threads sleep then.
pub(crate) fn check(schedules: usize, scenario: fn()) {
    let configured = std::env::var("SHUTTLE_SCHEDULES").ok().and_then(|number| number.parse().ok());
    let scheduler = RandomScheduler::new(configured.unwrap_or(schedules));
    let mut config = shuttle::Config::new();
    // In a debug build, reading keys needs more than the default stack.
    config.stack_size = 512 * 1024;
    shuttle::Runner::new(scheduler, config).run(scenario);
}
