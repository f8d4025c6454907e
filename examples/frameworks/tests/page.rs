//! The code and the versions of `docs/frameworks.md` are those of this package.

use std::error::Error;
use std::fs;
use std::path::Path;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn read(path: &str) -> Outcome<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    Ok(fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The names of the files with code.
fn names() -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))? {
        let name = entry?.file_name().into_string().map_err(|_| "not UTF-8")?;
        names.extend(name.strip_suffix(".rs").filter(|name| *name != "lib").map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

#[test]
fn each_file_is_in_the_section_of_its_name() -> Outcome {
    let page = read("../../docs/frameworks.md")?;
    let mut headings = Vec::new();
    for section in page.split("\n## ").skip(1) {
        let (heading, section) = section.split_once('\n').ok_or("no text")?;
        for block in section.split("```rust,ignore\n").skip(1) {
            let (code, _) = block.split_once("```").ok_or("an open block")?;
            let source = read(&format!("src/{heading}.rs"))?;
            assert!(source.contains(code), "src/{heading}.rs does not contain:\n{code}");
            headings.push(heading);
        }
    }
    headings.sort_unstable();
    assert_eq!(headings, names()?);
    Ok(())
}

#[test]
fn versions_are_those_of_the_lock_file() -> Outcome {
    let (page, lock) = (read("../../docs/frameworks.md")?, read("Cargo.lock")?);
    for name in names()? {
        let cells = page.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let row = cells.into_iter().find(|cells| {
            cells.get(1).is_some_and(|first| first.trim_matches('`') == name) && cells.len() > 3
        });
        let version = row.as_ref().and_then(|cells| cells.get(2)).ok_or("not in the table")?;
        let locked = format!("name = \"{name}\"\nversion = \"{version}");
        assert!(lock.contains(&locked), "the lock file has another version of {name}");
    }
    Ok(())
}
