//! The problems of the settings.

use std::time::Duration;

use super::lookups::Limits;
use crate::error::{Problem, ProblemKind};
use crate::policy::IssuerTemplate;

const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) fn problems(template: &IssuerTemplate, limits: &Limits) -> Vec<Problem> {
    let of = format!("the resolver for `{}`", template.text());
    let seconds = |from, to| Duration::from_secs(from)..=Duration::from_secs(to);
    let mut problems = template.problems(&of);
    if !seconds(1, 60 * 60).contains(&limits.ttl) {
        problems.push(out_of_range(
            format!("a `ttl` of {:?} for {of}", limits.ttl),
            "below 1 second, tenants would be looked up again and again; above 1 hour, a tenant that was removed would \
             be accepted for too long",
            "Keep the default of 1 minute",
        ));
    }
    if limits.max_stale > 24 * HOUR {
        problems.push(out_of_range(
            format!("a `max_stale` of {:?} for {of}", limits.max_stale),
            "a tenant that was removed would be accepted for as long as lookups fail",
            "Keep the default of 1 hour",
        ));
    }
    if !(1..=10_000).contains(&limits.max_tenants) {
        problems.push(out_of_range(
            format!("`max_tenants` of {} for {of}", limits.max_tenants),
            "with 0 no tenant could sign in; above 10,000, adding a tenant is slow, because the table is copied",
            "Pass the number of tenants that are active within the `ttl`",
        ));
    }
    if !(1..=1000).contains(&limits.max_lookups) {
        problems.push(out_of_range(
            format!("`max_lookups` of {} for {of}", limits.max_lookups),
            "with 0 no tenant could be looked up; above 1,000, tokens with invented tenants would flood the database",
            "Keep the default of 100 lookups in one second",
        ));
    }
    let timeout = Duration::from_millis(1)..=Duration::from_secs(30);
    if !timeout.contains(&limits.timeout) {
        problems.push(out_of_range(
            format!("a `timeout` of {:?} for {of}", limits.timeout),
            "zero fails every lookup, and more than 30 seconds lets requests wait for too long",
            "Keep the default of 5 seconds",
        ));
    }
    problems
}

fn out_of_range(what: String, why: &'static str, fix: &'static str) -> Problem {
    Problem::new(ProblemKind::OutOfRange, what, why, fix)
}
