//! The module tree of a crate, followed from `src/lib.rs` through every `mod`, whatever its `cfg`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::{Rc, Weak};
use std::slice;

use proc_macro2::Ident;
use syn::{Attribute, Item, ItemMod};

use crate::attrs;
use crate::rules;

pub type ModuleId = usize;
pub const ROOT: ModuleId = 0;

pub struct Module {
    /// Names from the crate root down; empty for the root.
    pub path: Vec<String>,
    pub parent: Option<ModuleId>,
    /// From the project's root: `src/key/mod.rs`.
    pub file: String,
    pub source: Source,
    /// Compiled only for tests.
    pub test: bool,
}

/// Where the text of a module stands: a file, and the way into its inline modules.
#[derive(Clone)]
pub struct Source {
    file: Rc<syn::File>,
    /// The place of each inline module among the items around it.
    steps: Vec<usize>,
}

impl Source {
    pub fn items(&self) -> &[Item] {
        self.steps.iter().fold(&self.file.items, |items, step| match items.get(*step) {
            Some(Item::Mod(ItemMod { content: Some((_, inner)), .. })) => inner,
            _ => items,
        })
    }

    /// The attributes of the file, when the module is a whole one.
    pub fn attrs(&self) -> &[Attribute] {
        if self.steps.is_empty() { &self.file.attrs } else { &[] }
    }

    fn step(&self, index: usize) -> Self {
        Self { file: Rc::clone(&self.file), steps: [&self.steps[..], &[index]].concat() }
    }
}

impl Module {
    /// The top-level module it belongs to.
    pub fn room(&self) -> &str {
        self.path.first().map_or(rules::ROOF, String::as_str)
    }

    /// Whether its file is a table of contents.
    pub fn is_contents(&self) -> bool {
        is_contents(&self.file)
    }
}

/// Whether the file is a `lib.rs` or `mod.rs`.
pub fn is_contents(file: &str) -> bool {
    rules::CONTENTS.contains(&file.rsplit('/').next().unwrap_or(file))
}

/// A file that is missing, unread or left out.
pub struct Trouble {
    pub file: String,
    pub line: usize,
    pub deed: String,
    pub why: String,
}

#[derive(Default)]
pub struct Tree {
    pub modules: Vec<Module>,
    pub troubles: Vec<Trouble>,
    pub files: usize,
    /// Dependencies that `Cargo.toml` gives another name: that name, and the crate's own.
    pub renamed: HashMap<String, String>,
}

impl Tree {
    /// Reads the crate whose `src/` and `Cargo.toml` lie in `project`.
    pub fn load(project: &Path, parser: &mut Parser) -> Self {
        let tree = Tree { renamed: renamed_dependencies(project), ..Tree::default() };
        let mut files = Vec::new();
        rust_files(&project.join("src"), "src", &mut files);
        let there = files.into_iter().collect();
        let mut loader = Loader { project, parser, tree, there, reached: HashSet::new() };
        let root = Place { path: Vec::new(), parent: None, test: false };
        loader.file("src/lib.rs", &root, ("src/lib.rs", 1), Path::new("src"));
        if !loader.tree.modules.is_empty() {
            loader.left_out();
        }
        loader.tree
    }

    /// Whether `inner` is `outer` or stands inside it.
    pub fn is_within(&self, inner: ModuleId, outer: ModuleId) -> bool {
        let mut at = Some(inner);
        while let Some(module) = at {
            if module == outer {
                return true;
            }
            at = self.modules[module].parent;
        }
        false
    }
}

/// Parses each text once, as long as a tree holds it.
#[derive(Default)]
pub struct Parser {
    seen: HashMap<String, Weak<syn::File>>,
}

impl Parser {
    fn parse(&mut self, text: String) -> Result<Source, (usize, String)> {
        let seen = self.seen.get(&text).and_then(Weak::upgrade);
        let file = match seen {
            Some(file) => file,
            None => Rc::new(
                syn::parse_file(&text)
                    .map_err(|error| (error.span().start().line, error.to_string()))?,
            ),
        };
        self.seen.insert(text, Rc::downgrade(&file));
        Ok(Source { file, steps: Vec::new() })
    }
}

/// Where in the module tree a file or an inline module goes.
struct Place {
    path: Vec<String>,
    parent: Option<ModuleId>,
    test: bool,
}

struct Loader<'p> {
    project: &'p Path,
    parser: &'p mut Parser,
    tree: Tree,
    /// Every file under `src/`.
    there: BTreeSet<String>,
    reached: HashSet<String>,
}

impl Loader<'_> {
    /// Loads one file; `children` is the folder its `mod x;` look in.
    fn file(&mut self, file: &str, place: &Place, from: (&str, usize), children: &Path) {
        self.reached.insert(file.to_owned());
        let Ok(written) = fs::read_to_string(self.project.join(file)) else {
            self.trouble(from, "declare a module without a file", format!("{file} cannot be read"));
            return;
        };
        match self.parser.parse(written) {
            Ok(source) => {
                self.tree.files += 1;
                let test = place.test || attrs::is_test(source.attrs());
                let (path, parent) = (place.path.clone(), place.parent);
                let id = self.module(Place { path, parent, test }, file, source);
                self.descend(id, children, folder(file));
            }
            Err((line, error)) => self.trouble((file, line), "be unreadable", error),
        }
    }

    fn module(&mut self, place: Place, file: &str, source: Source) -> ModuleId {
        let Place { path, parent, test } = place;
        let file = file.to_owned();
        self.tree.modules.push(Module { path, parent, file, source, test });
        self.tree.modules.len() - 1
    }

    /// Loads what a module declares. `named` is where `mod x;` looks for `x.rs`, `path_from` where
    /// `#[path]` starts.
    fn descend(&mut self, parent: ModuleId, named: &Path, path_from: &Path) {
        let source = self.tree.modules[parent].source.clone();
        for (index, item) in source.items().iter().enumerate() {
            if let Item::Mod(declared) = item {
                let inline = declared.content.is_some().then(|| source.step(index));
                self.declared(parent, declared, inline, (named, path_from));
            }
        }
    }

    fn declared(
        &mut self,
        parent: ModuleId,
        declared: &ItemMod,
        inline: Option<Source>,
        (named, path_from): (&Path, &Path),
    ) {
        let outer = &self.tree.modules[parent];
        let name = plain(&declared.ident);
        let path = [&outer.path[..], slice::from_ref(&name)].concat();
        let test = outer.test || attrs::is_test(&declared.attrs);
        let file = outer.file.clone();
        let place = Place { path, parent: Some(parent), test };
        if let Some(source) = inline {
            let id = self.module(place, &file, source);
            let inner = named.join(&name);
            self.descend(id, &inner, &inner);
            return;
        }
        let line = declared.ident.span().start().line;
        for (found, children) in self.candidates(&declared.attrs, &name, named, path_from) {
            self.file(&found, &place, (&file, line), &children);
        }
    }

    /// The files a `mod x;` may mean, each with the folder its own children lie in.
    fn candidates(
        &self,
        attrs: &[Attribute],
        name: &str,
        named: &Path,
        path_from: &Path,
    ) -> Vec<(String, PathBuf)> {
        let paths = attrs::path_attribute(attrs);
        let mut found: Vec<_> = paths
            .iter()
            .map(|path| tidy(&path_from.join(path)))
            .map(|file| (file.clone(), folder(&file).to_owned()))
            .collect();
        let always = attrs.iter().any(|attr| attr.path().is_ident("path"));
        if always {
            return found;
        }
        let file = tidy(&named.join(format!("{name}.rs")));
        let nested = tidy(&named.join(name).join("mod.rs"));
        if self.there.contains(&nested) {
            found.push((nested, named.join(name)));
        } else if self.there.contains(&file) || paths.is_empty() {
            found.push((file, named.join(name)));
        }
        found
    }

    /// Reports every file under `src/` that no `mod` leads to: it would go unchecked.
    fn left_out(&mut self) {
        let files: Vec<_> =
            self.there.iter().filter(|file| !self.reached.contains(*file)).cloned().collect();
        for file in files {
            self.trouble((&file, 1), "stand apart", "no `mod` leads to this file".to_owned());
        }
    }

    fn trouble(&mut self, (file, line): (&str, usize), deed: &str, why: String) {
        let (file, deed) = (file.to_owned(), deed.to_owned());
        self.tree.troubles.push(Trouble { file, line, deed, why });
    }
}

/// A name without its `r#`.
pub fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or_else(|| name.clone(), str::to_owned)
}

fn folder(file: &str) -> &Path {
    Path::new(file).parent().unwrap_or(Path::new(""))
}

/// A path without `.` and `..`, with forward slashes.
fn tidy(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                parts.pop();
            }
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

/// Every `.rs` file under a folder, named from the project's root.
pub fn rust_files(folder: &Path, name: &str, files: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            rust_files(&entry.path(), &inner, files);
        } else if Path::new(&inner).extension().is_some_and(|extension| extension == "rs") {
            files.push(inner);
        }
    }
}

/// The room of a file, told from its path alone.
pub fn room_of_file(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

/// `name = { package = "crate" }`, on one line or as a table.
fn renamed_dependencies(project: &Path) -> HashMap<String, String> {
    let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap_or_default();
    let mut renamed = HashMap::new();
    let mut table = String::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut table);
        } else if let Some(package) = package_in(line) {
            let inline = line.contains('{');
            let name = if inline { line.split('=').next() } else { table.rsplit('.').next() };
            let name = name.unwrap_or_default().trim().trim_matches('"');
            if table.contains("dependencies") {
                renamed.insert(underscored(name), underscored(package));
            }
        }
    }
    renamed
}

fn package_in(line: &str) -> Option<&str> {
    let after = line.split("package").nth(1)?.trim_start().strip_prefix('=')?;
    after.split('"').nth(1)
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}
