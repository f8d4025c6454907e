//! Holds the walls of the house: which room of `src/` may use which.
//!
//! `tree` follows the modules, `resolve` says what a path means, `uses` collects what a module
//! uses (`tokens` inside macro calls, `attrs` on attributes), `rules` is the table, `judge` holds
//! one against the other, and `self_test` breaks every rule to see it caught.

mod attrs;
mod judge;
mod resolve;
mod rules;
mod self_test;
mod tokens;
mod tree;
mod uses;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use tree::{Parser, Tree};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [project] => check(Path::new(project)),
        [project, "--self-test"] => self_test::run(Path::new(project)),
        _ => {
            eprintln!("usage: walls [--self-test]");
            ExitCode::from(2)
        }
    }
}

fn check(project: &Path) -> ExitCode {
    let tree = Tree::load(project, &mut Parser::default());
    let report = judge::judge(&tree);
    for violation in &report.violations {
        println!("{violation}");
    }
    if !report.violations.is_empty() {
        return ExitCode::FAILURE;
    }
    let (files, resolved, walls) = (tree.files, report.resolved, rules::count());
    println!("walls: {files} files, {resolved} imports resolved, {walls} walls stand");
    ExitCode::SUCCESS
}
