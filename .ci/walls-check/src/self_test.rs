//! Breaks every rule to see it caught, and does every allowed neighbour to see it pass: in a small
//! made-up house, and in a copy of the real `src/`.

mod expected;
mod house;
mod plants;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::judge::{Violation, judge_rooms};
use crate::tree::{self, Parser, Tree, room_of_file};
use plants::{Expect, Plant, Spellings};

pub fn run(project: &Path) -> ExitCode {
    match both(project) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("walls: the self-test cannot work on its copy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn both(project: &Path) -> io::Result<bool> {
    let mut made_up = Ground::new("made-up")?;
    house::build(&made_up.dir)?;
    let mut held = made_up.test("made-up house", Spellings::Every)?;
    if project.join("src/lib.rs").is_file() {
        let mut real = Ground::new("real")?;
        real.copy(project)?;
        held &= real.test("copy of src/", Spellings::Three)?;
    }
    Ok(held)
}

#[derive(Default)]
struct Tally {
    planted: usize,
    caught: usize,
    allowed: usize,
    passed: usize,
    left_out: usize,
}

/// A copy of a crate to plant things in; gone when dropped.
struct Ground {
    dir: PathBuf,
    parser: Parser,
}

impl Drop for Ground {
    fn drop(&mut self) {
        // What cannot be removed from the temporary folder may stay there.
        drop(fs::remove_dir_all(&self.dir));
    }
}

impl Ground {
    fn new(name: &str) -> io::Result<Self> {
        let dir = std::env::temp_dir().join(format!("walls-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir)?;
        Ok(Self { dir, parser: Parser::default() })
    }

    fn copy(&self, project: &Path) -> io::Result<()> {
        let mut files = Vec::new();
        tree::rust_files(&project.join("src"), "src", &mut files);
        for file in &files {
            write(&self.dir.join(file), &fs::read_to_string(project.join(file))?)?;
        }
        fs::copy(project.join("Cargo.toml"), self.dir.join("Cargo.toml")).map(drop)
    }

    fn load(&mut self) -> Tree {
        Tree::load(&self.dir, &mut self.parser)
    }

    fn violations(&mut self, wanted: impl Fn(&str) -> bool) -> BTreeSet<Violation> {
        judge_rooms(&self.load(), wanted).violations.into_iter().collect()
    }

    /// Plants everything, one after the other. A made-up house must be clean to begin with.
    fn test(&mut self, name: &str, spellings: Spellings) -> io::Result<bool> {
        let before = self.violations(|_| true);
        let whole = spellings == Spellings::Every;
        if whole {
            for violation in &before {
                println!("{name}: not clean: {violation}");
            }
        }
        let mut tally = Tally::default();
        // Held until the end, so that what it parsed is not parsed again.
        let tree = self.load();
        for plant in plants::all(&tree, spellings) {
            if whole || plant.fits(&self.dir) {
                self.plant(&plant, &before, &mut tally)?;
            } else {
                tally.left_out += 1;
            }
        }
        let Tally { planted, caught, allowed, passed, left_out } = tally;
        let note = if left_out == 0 {
            String::new()
        } else {
            format!(" ({left_out} left out: their files are not there)")
        };
        println!(
            "{name}: {planted} planted, {caught} caught; {allowed} allowed, {passed} passed{note}"
        );
        let clean = before.is_empty() || !whole;
        Ok(clean && planted == caught && allowed == passed)
    }

    fn plant(
        &mut self,
        plant: &Plant,
        before: &BTreeSet<Violation>,
        tally: &mut Tally,
    ) -> io::Result<()> {
        let originals = self.edit(plant)?;
        // No rule joins what different rooms hold, so the rooms planted in are enough.
        let touched: Vec<_> = plant.edits.iter().map(|edit| room_of_file(&edit.file)).collect();
        let after = self.violations(|room| touched.contains(&room));
        let new: Vec<_> = after.difference(before).collect();
        let planted = |violation: &Violation| {
            originals.iter().any(|original| {
                original.file == violation.file && original.lines() < violation.line
            })
        };
        match &plant.expect {
            Expect::Caught(deed) => {
                tally.planted += 1;
                let says = |found: &&Violation| planted(found) && found.deed == *deed;
                let caught = new.iter().copied().any(|found| says(&found));
                tally.caught += usize::from(caught);
                if !caught {
                    println!("not caught: {}\n  expected: {deed}", plant.show());
                    for violation in new {
                        println!("  found: {violation}");
                    }
                }
            }
            Expect::Passes => {
                tally.allowed += 1;
                tally.passed += usize::from(new.is_empty());
                if !new.is_empty() {
                    println!("did not pass: {}", plant.show());
                    for violation in new {
                        println!("  found: {violation}");
                    }
                }
            }
        }
        self.restore(originals)
    }

    /// Writes what is planted, and returns what stood there.
    fn edit(&self, plant: &Plant) -> io::Result<Vec<Original>> {
        let mut originals = Vec::new();
        for edit in &plant.edits {
            let path = self.dir.join(&edit.file);
            let text = if edit.new { None } else { Some(fs::read_to_string(&path)?) };
            let before = text.clone().unwrap_or_default();
            write(&path, &format!("{before}\n{}\n", edit.text))?;
            originals.push(Original { file: edit.file.clone(), text });
        }
        Ok(originals)
    }

    fn restore(&self, originals: Vec<Original>) -> io::Result<()> {
        for original in originals {
            let path = self.dir.join(&original.file);
            match original.text {
                Some(text) => fs::write(path, text)?,
                None => fs::remove_file(path)?,
            }
        }
        Ok(())
    }
}

/// A file as it stood before something was planted; without text when it was not there.
struct Original {
    file: String,
    text: Option<String>,
}

impl Original {
    fn lines(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.lines().count())
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
