//! Holds what every module uses against the tables in `rules.rs`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use syn::Item;

use crate::attrs;
use crate::resolve::{Resolver, Stop};
use crate::rules::{self, GUARDED, RESERVED, ROOF, STAIRS, TIME, WALLS, stands_in};
use crate::tree::{Module, ModuleId, Tree, is_contents, room_of_file};
use crate::uses::{self, Reference, Uses};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    pub file: String,
    pub line: usize,
    pub room: String,
    /// What the room may not do: `use token`.
    pub deed: String,
    pub why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, room, deed, why } = self;
        write!(f, "{file}:{line}: room {room} may not {deed}: {why}")
    }
}

pub struct Report {
    pub violations: Vec<Violation>,
    /// Paths that led to a module of ours or to another crate.
    pub resolved: usize,
}

/// Judges a whole crate.
pub fn judge(tree: &Tree) -> Report {
    judge_rooms(tree, |_| true)
}

/// Judges only these rooms of a crate.
pub fn judge_rooms(tree: &Tree, wanted: impl Fn(&str) -> bool) -> Report {
    let resolver = Resolver::new(tree);
    let mut judge = Judge { tree, found: Vec::new(), arrows: BTreeMap::new(), resolved: 0 };
    judge.troubles();
    judge.rooms();
    for (id, module) in tree.modules.iter().enumerate() {
        if !module.test && wanted(module.room()) {
            judge.contents(module);
            judge.uses(module, &uses::collect(&resolver, id));
        }
    }
    judge.circles();
    Report { violations: settled(judge.found), resolved: judge.resolved }
}

/// How a violation was spelled, which decides whether it is worth a line of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Import,
    Aliased,
    Other,
}

/// Each violation once, in order; what an import was already blamed for is left out.
fn settled(found: Vec<(Spelling, Violation)>) -> Vec<Violation> {
    let target = |v: &Violation| (v.file.clone(), v.deed.clone(), v.why.clone());
    let imported: HashSet<_> = found
        .iter()
        .filter(|(spelling, _)| *spelling == Spelling::Import)
        .map(|(_, violation)| target(violation))
        .collect();
    let kept: BTreeSet<_> = found
        .into_iter()
        .filter(|(spelling, v)| *spelling != Spelling::Aliased || !imported.contains(&target(v)))
        .map(|(_, violation)| violation)
        .collect();
    kept.into_iter().collect()
}

struct Judge<'t> {
    tree: &'t Tree,
    found: Vec<(Spelling, Violation)>,
    /// Between files of one room, with the line of the first import.
    arrows: BTreeMap<(String, String), usize>,
    resolved: usize,
}

impl Judge<'_> {
    fn blame(
        &mut self,
        (file, line): (&str, usize),
        room: &str,
        spelling: Spelling,
        deed: String,
        why: impl Into<String>,
    ) {
        let (file, room, why) = (file.to_owned(), room.to_owned(), why.into());
        self.found.push((spelling, Violation { file, line, room, deed, why }));
    }

    fn blame_plainly(
        &mut self,
        module: &Module,
        line: usize,
        deed: String,
        why: impl Into<String>,
    ) {
        self.blame((&module.file, line), module.room(), Spelling::Other, deed, why);
    }

    /// Files that cannot be judged.
    fn troubles(&mut self) {
        for trouble in &self.tree.troubles {
            let at = (trouble.file.as_str(), trouble.line);
            let room = room_of_file(&trouble.file);
            self.blame(at, room, Spelling::Other, trouble.deed.clone(), trouble.why.as_str());
        }
    }

    /// Every room is in the plan.
    fn rooms(&mut self) {
        let Some(roof) = self.tree.modules.first().filter(|module| !module.test) else {
            return;
        };
        for item in roof.source.items() {
            if let Item::Mod(room) = item
                && !attrs::is_test(&room.attrs)
                && rules::floor(&room.ident.to_string()).is_none()
            {
                let deed = format!("have a room {}", room.ident);
                let line = room.ident.span().start().line;
                self.blame_plainly(roof, line, deed, rules::UNKNOWN_WHY);
            }
        }
    }

    /// A table of contents defines nothing.
    fn contents(&mut self, module: &Module) {
        if !module.is_contents() {
            return;
        }
        for item in
            module.source.items().iter().filter(|item| !attrs::is_test(attrs::of_item(item)))
        {
            if let Some((kind, line)) = definition(item) {
                self.blame_plainly(
                    module,
                    line,
                    format!("define {kind} here"),
                    rules::CONTENTS_WHY,
                );
            }
        }
    }

    fn uses(&mut self, module: &Module, used: &Uses) {
        for reference in &used.references {
            self.resolved += usize::from(!reference.stops.is_empty());
            self.reference(module, reference);
            self.reads_time(module, reference);
            self.guarded(module, reference);
        }
        for call in &used.calls {
            self.called(module, &call.name, call.line);
        }
        if !stands_in(&module.file, rules::FEATURES_ANYWHERE) {
            for gate in &used.gates {
                let deed = format!("use cfg(feature) on {}", gate.on);
                self.blame_plainly(module, gate.line, deed, rules::FEATURES_WHY);
            }
        }
    }

    fn reference(&mut self, module: &Module, reference: &Reference) {
        for stop in &reference.stops {
            match stop {
                Stop::Ours { module: to, rest, .. } => self.ours(module, reference, *to, rest),
                Stop::Roof { name } => self.roof(module, reference, name),
                Stop::Crate { name, .. } => self.other_crate(module, reference, name),
            }
        }
        self.own_contents(module, reference);
    }

    /// Something asked of `lib.rs` that is no module there: a re-export, or a room yet to come.
    fn roof(&mut self, module: &Module, reference: &Reference, name: &str) {
        if rules::floor(name).is_none() || name == ROOF {
            self.blame_reference(module, reference, format!("use crate::{name}"), rules::ROOF_WHY);
        } else if let Some(why) = forbidden(module.room(), name) {
            self.blame_reference(module, reference, format!("use {name}"), why);
        }
    }

    fn blame_reference(
        &mut self,
        module: &Module,
        reference: &Reference,
        deed: String,
        why: impl Into<String>,
    ) {
        let spelling = match reference {
            Reference { import: true, .. } => Spelling::Import,
            Reference { aliased: true, .. } => Spelling::Aliased,
            _ => Spelling::Other,
        };
        self.blame((&module.file, reference.line), module.room(), spelling, deed, why);
    }

    fn ours(&mut self, module: &Module, reference: &Reference, to: ModuleId, rest: &[String]) {
        let target = &self.tree.modules[to];
        let (from_room, to_room) = (module.room(), target.room());
        if from_room == to_room {
            self.inside(module, reference, target);
        } else if to_room == ROOF {
            if rest.first().is_some_and(|name| name == "*") {
                let deed = "use crate::*".to_owned();
                self.blame_reference(module, reference, deed, rules::ROOF_WHY);
            }
        } else if from_room != ROOF
            && let Some(why) = forbidden(from_room, to_room)
        {
            self.blame_reference(module, reference, format!("use {to_room}"), why);
        }
    }

    /// Inside a room: its stairs, and an arrow for the circles.
    fn inside(&mut self, module: &Module, reference: &Reference, target: &Module) {
        if module.file == target.file || module.is_contents() || target.is_contents() {
            return;
        }
        let arrow = (module.file.clone(), target.file.clone());
        let first = self.arrows.entry(arrow).or_insert(reference.line);
        *first = reference.line.min(*first);
        if climbs(module, target) {
            let deed = format!("use {} in {}", target.path[1], module.path[1]);
            self.blame_reference(module, reference, deed, rules::STAIRS_WHY);
        }
    }

    /// Another room's item, taken through a re-export in the own room's `mod.rs`.
    fn own_contents(&mut self, module: &Module, reference: &Reference) {
        let room = module.room();
        let modules = &self.tree.modules;
        let through = reference.stops.iter().any(|stop| match stop {
            Stop::Ours { module: at, reexport: true, .. } => {
                modules[*at].is_contents() && modules[*at].room() == room
            }
            _ => false,
        });
        let other = reference.stops.iter().find_map(|stop| match stop {
            Stop::Ours { module: at, reexport: false, .. } => {
                Some(modules[*at].room()).filter(|other| *other != room)
            }
            _ => None,
        });
        if let (true, Some(other)) = (through && room != ROOF, other) {
            let deed = format!("use {other} through its own mod.rs");
            self.blame_reference(module, reference, deed, rules::OWN_CONTENTS_WHY);
        }
    }

    fn other_crate(&mut self, module: &Module, reference: &Reference, name: &str) {
        let room = module.room();
        let walls =
            WALLS.iter().filter(|wall| wall.of.contains(&room) && wall.crates.contains(&name));
        let reserved = RESERVED
            .iter()
            .filter(|row| row.crates.contains(&name) && !stands_in(&module.file, row.only_in));
        for why in walls.map(|wall| wall.why).chain(reserved.map(|row| row.why)) {
            self.blame_reference(module, reference, format!("use the crate {name}"), why);
        }
    }

    fn reads_time(&mut self, module: &Module, reference: &Reference) {
        if stands_in(&module.file, TIME.only_in) {
            return;
        }
        let read = TIME.paths.iter().find(|end| leads_outside_to(reference, end));
        if let Some(end) = read {
            let deed = format!("use {}", end.join("::"));
            self.blame_reference(module, reference, deed, TIME.why);
        }
    }

    fn guarded(&mut self, module: &Module, reference: &Reference) {
        for row in GUARDED.iter().filter(|row| !stands_in(&module.file, row.only_in)) {
            let end: Vec<&str> = row.of.into_iter().chain([row.name]).collect();
            if leads_to(reference, &end) {
                let deed = format!("call {}", end.join("::"));
                self.blame_reference(module, reference, deed, row.why);
            }
        }
    }

    fn called(&mut self, module: &Module, name: &str, line: usize) {
        if TIME.methods.contains(&name) && !stands_in(&module.file, TIME.only_in) {
            self.blame_plainly(module, line, format!("use .{name}()"), TIME.why);
        }
        let guarded = GUARDED.iter().filter(|row| row.of.is_none() && row.name == name);
        for row in guarded.filter(|row| !stands_in(&module.file, row.only_in)) {
            self.blame_plainly(module, line, format!("call {name}"), row.why);
        }
    }

    /// One violation for each knot of files that reach one another.
    fn circles(&mut self) {
        let files: BTreeSet<&String> = self.arrows.keys().map(|(from, _)| from).collect();
        let mut told: HashSet<String> = HashSet::new();
        let mut circles = Vec::new();
        for file in files {
            if let Some(circle) = self.circle_from(file).filter(|_| !told.contains(file)) {
                told.extend(self.knot(file));
                circles.push(circle);
            }
        }
        for circle in circles.iter().filter(|circle| !is_contents(&circle[0])) {
            let line = self.arrows[&(circle[0].clone(), circle[1].clone())];
            let room = room_of_file(&circle[0]);
            let why = format!("{} ({})", rules::CIRCLE_WHY, short(circle, room).join(" → "));
            let deed = format!("use {} in a circle", short(&circle[1..2], room).join(""));
            self.blame((&circle[0], line), room, Spelling::Other, deed, why);
        }
    }

    fn next<'s>(&'s self, file: &'s String) -> impl Iterator<Item = &'s String> {
        self.arrows.keys().filter(move |(from, _)| from == file).map(|(_, to)| to)
    }

    /// The shortest way from a file back to itself.
    fn circle_from(&self, file: &String) -> Option<Vec<String>> {
        let mut ways: Vec<Vec<&String>> = vec![vec![file]];
        let mut seen: HashSet<&String> = HashSet::new();
        let mut at = 0;
        while let Some(way) = ways.get(at).cloned() {
            for next in self.next(way[way.len() - 1]) {
                if next == file {
                    return Some(way.into_iter().chain([file]).cloned().collect());
                }
                if seen.insert(next) {
                    ways.push([way.as_slice(), &[next]].concat());
                }
            }
            at += 1;
        }
        None
    }

    /// Every file that reaches this one and is reached by it.
    fn knot(&self, file: &String) -> Vec<String> {
        let reached = |from: &String| {
            let mut seen = HashSet::from([from.clone()]);
            let mut waiting = vec![from.clone()];
            while let Some(at) = waiting.pop() {
                waiting.extend(self.next(&at).filter(|next| seen.insert((*next).clone())).cloned());
            }
            seen
        };
        reached(file).into_iter().filter(|other| reached(other).contains(file)).collect()
    }
}

/// What a table of contents may not hold, and where it begins.
fn definition(item: &Item) -> Option<(String, usize)> {
    let (kind, ident) = match item {
        Item::Mod(_) | Item::Use(_) | Item::ExternCrate(_) => return None,
        Item::Const(item) => ("const", &item.ident),
        Item::Enum(item) => ("enum", &item.ident),
        Item::Fn(item) => ("fn", &item.sig.ident),
        Item::Static(item) => ("static", &item.ident),
        Item::Struct(item) => ("struct", &item.ident),
        Item::Trait(item) => ("trait", &item.ident),
        Item::TraitAlias(item) => ("trait", &item.ident),
        Item::Type(item) => ("type", &item.ident),
        Item::Union(item) => ("union", &item.ident),
        Item::Impl(item) => {
            return Some(("an impl block".to_owned(), item.impl_token.span.start().line));
        }
        Item::Macro(item) => {
            let line = item.mac.path.segments[0].ident.span().start().line;
            return Some(("a macro".to_owned(), line));
        }
        Item::ForeignMod(item) => {
            let line = item.abi.extern_token.span.start().line;
            return Some(("an extern block".to_owned(), line));
        }
        _ => return Some(("this".to_owned(), 1)),
    };
    Some((format!("{kind} {ident}"), ident.span().start().line))
}

/// Why one room may not use another, if so. Walls speak first: they say more.
fn forbidden(from: &str, to: &str) -> Option<String> {
    if let Some(wall) =
        WALLS.iter().find(|wall| wall.of.contains(&from) && wall.rooms.contains(&to))
    {
        return Some(wall.why.to_owned());
    }
    // A room outside the plan is blamed where it is declared.
    let (Some(here), Some(there)) = (rules::floor(from), rules::floor(to)) else {
        return None;
    };
    let level = rules::SAME_FLOOR.iter().any(|(a, b, _)| *a == from && *b == to);
    let stand = if there == here {
        format!("both stand on floor {here}")
    } else {
        format!("it stands on floor {there}, {from} on floor {here}")
    };
    (there >= here && !level).then(|| format!("{stand}; a room imports lower floors"))
}

/// Whether the arrow goes up the stairs of the room.
fn climbs(from: &Module, to: &Module) -> bool {
    let step = |module: &Module| {
        let stairs = STAIRS.iter().find(|stairs| stairs.room == module.room())?;
        let name = module.path.get(1)?;
        stairs.steps.iter().position(|step| step.contains(&name.as_str()))
    };
    matches!((step(from), step(to)), (Some(from), Some(to)) if to < from)
}

/// Whether the path leads to another crate, and ends in these names there.
fn leads_outside_to(reference: &Reference, end: &[&str]) -> bool {
    reference.stops.iter().any(|stop| match stop {
        Stop::Crate { name, rest } => ends(&[std::slice::from_ref(name), rest].concat(), end),
        _ => false,
    })
}

/// Whether the path, as written or as defined, ends in these names.
fn leads_to(reference: &Reference, end: &[&str]) -> bool {
    let stop_ends = |stop: &Stop| matches!(stop, Stop::Ours { rest, .. } if ends(rest, end));
    ends(&reference.written.segments, end) || reference.stops.iter().any(stop_ends)
}

fn ends(path: &[String], end: &[&str]) -> bool {
    path.len() >= end.len() && path.iter().rev().zip(end.iter().rev()).all(|(a, b)| a == b)
}

/// Files as they are called inside their room.
fn short(files: &[String], room: &str) -> Vec<String> {
    let inside = format!("src/{room}/");
    let name = |file: &String| {
        file.strip_prefix(&inside).unwrap_or(file).trim_end_matches(".rs").to_owned()
    };
    files.iter().map(name).collect()
}
