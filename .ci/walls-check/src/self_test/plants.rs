//! Everything that is planted, spelled out from what `expected` lists.

use std::path::Path;

use super::expected::{
    CONVERSIONS, CONVERTED, CRYPTO, CRYPTO_PLACES, EVENTS, FEATURE_AROUND, FEATURE_INSIDE, MAY_USE,
    NAMES_TIME, READS_TIME, UPSTAIRS, WITHOUT_HTTP,
};
use super::house::{ROOMS, type_name};
use crate::tree::{ROOT, Tree};

/// How many ways a forbidden import between rooms is spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Spellings {
    Three,
    Every,
}

pub enum Expect {
    /// A violation that says this.
    Caught(String),
    Passes,
}

/// Text at the end of a file.
pub struct Edit {
    pub file: String,
    pub text: String,
    /// The file is not there before.
    pub new: bool,
}

pub struct Plant {
    pub edits: Vec<Edit>,
    pub expect: Expect,
}

impl Plant {
    /// Whether the files it is planted in are there.
    pub fn fits(&self, dir: &Path) -> bool {
        self.edits.iter().all(|edit| edit.new || dir.join(&edit.file).is_file())
    }

    pub fn show(&self) -> String {
        let edits = self.edits.iter().map(|edit| format!("{}: {}", edit.file, edit.text));
        edits.collect::<Vec<_>>().join(" + ")
    }
}

/// All plants for a house.
pub fn all(tree: &Tree, spellings: Spellings) -> Vec<Plant> {
    let mut plants = Plants { tree, spellings, all: Vec::new() };
    plants.between_rooms();
    plants.through_the_roof();
    plants.through_own_contents();
    plants.http();
    plants.reserved_crates();
    plants.time();
    plants.guarded();
    plants.stairs();
    plants.circles();
    plants.contents();
    plants.plan();
    plants.features();
    plants.all
}

struct Plants<'t> {
    tree: &'t Tree,
    spellings: Spellings,
    all: Vec<Plant>,
}

impl Plants<'_> {
    fn caught(&mut self, file: &str, text: &str, deed: &str) {
        self.add(vec![at_end(file, text)], Expect::Caught(deed.to_owned()));
    }

    fn passes(&mut self, file: &str, text: &str) {
        self.add(vec![at_end(file, text)], Expect::Passes);
    }

    fn add(&mut self, edits: Vec<Edit>, expect: Expect) {
        self.all.push(Plant { edits, expect });
    }

    /// A file of the room where nothing special is allowed.
    fn spot(&self, room: &str) -> Option<String> {
        const SPECIAL: &[&str] =
            &["src/key/backend.rs", "src/testing/mint.rs", "src/testing/clock.rs"];
        let plain = |file: &str| {
            !SPECIAL.contains(&file)
                && !CONVERSIONS.contains(&file)
                && !file.starts_with("src/key/backend/")
        };
        let mut files: Vec<_> = self
            .tree
            .modules
            .iter()
            .filter(|module| !module.test && module.room() == room && !module.is_contents())
            .map(|module| module.file.clone())
            .filter(|file| plain(file))
            .collect();
        files.sort();
        files.into_iter().next()
    }

    /// Every room that is there, with a file to plant in.
    fn spots(&self) -> Vec<(&'static str, String)> {
        ROOMS.iter().filter_map(|(room, _)| Some((*room, self.spot(room)?))).collect()
    }

    fn is_there(&self, room: &str) -> bool {
        let named = |path: &[String]| path.len() == 1 && path[0] == room;
        self.tree.modules.iter().any(|module| module.parent == Some(ROOT) && named(&module.path))
    }

    /// Where a path is named without being used.
    fn cloaks(&self, path: &str) -> Vec<String> {
        let cloaks = vec![
            format!("/// See [`{path}`] and {path}::make().\nuse std::fmt as _;"),
            format!("// use {path};\n/* {path} */"),
            format!("#[deprecated(note = \"use {path};\")]\nuse std::fmt as _;"),
            format!("#[cfg(test)]\nmod planted {{ use {path}; fn f() {{ vec![{path}]; }} }}"),
            format!("#[cfg(all(test, unix))]\nuse {path};"),
        ];
        match self.spellings {
            Spellings::Every => cloaks,
            Spellings::Three => vec![cloaks.join("\n")],
        }
    }

    fn between_rooms(&mut self) {
        for (from, file) in self.spots() {
            let (_, allowed) = MAY_USE.iter().find(|(room, _)| *room == from).unwrap_or(&("", &[]));
            for (to, _) in ROOMS {
                if *to == from || !self.is_there(to) {
                    continue;
                }
                if allowed.iter().any(|rooms| rooms.contains(to)) {
                    self.passes(&file, &format!("use crate::{to}::Planted;"));
                } else {
                    self.forbidden_room(from, &file, to);
                }
            }
            self.passes("src/lib.rs", &format!("pub use crate::{from}::Planted;"));
        }
    }

    fn forbidden_room(&mut self, from: &str, file: &str, to: &str) {
        for text in self.room_spellings(from, file, to) {
            self.caught(file, &text, &format!("use {to}"));
        }
        for text in self.cloaks(&format!("crate::{to}::Planted")) {
            self.passes(file, &text);
        }
    }

    fn room_spellings(&self, from: &str, file: &str, to: &str) -> Vec<String> {
        let up = to_the_roof(file);
        let mut spelled = vec![
            format!("use crate::{to}::Planted;"),
            format!("use crate::{{{from}::Own as _, {to}::{{Planted as P}}}};"),
            format!("fn planted(_: &crate::{to}::Planted) {{}}"),
        ];
        if self.spellings == Spellings::Every {
            spelled.extend([
                format!("use {up}::{to}::Planted;"),
                format!("use {up}::{{{to} as t}};"),
                format!("use crate::{to};"),
                format!("use crate::{to}::*;"),
                format!("pub use crate::{to}::Planted;"),
                format!("use crate as house;\nfn planted() {{ house::{to}::make(); }}"),
                format!("fn planted() {{ {up}::{to}::make::<u8>(); }}"),
                format!("fn planted() {{ use crate::{to}::Planted; }}"),
                format!("fn planted() {{ match x {{ crate::{to}::Planted {{ .. }} => {{}} }} }}"),
                format!("impl crate::{to}::Planted for u8 {{}}"),
                format!("fn planted() {{ <u8 as crate::{to}::Planted>::make(); }}"),
                format!("fn planted() {{ vec![crate::{to}::Planted]; }}"),
                format!("fn planted() {{ crate::{to}::planted!(); }}"),
                format!("macro_rules! planted {{ () => {{ $crate::{to}::make() }} }}"),
                format!("make! {{ use crate::{{{to}::Planted}}; }}"),
                format!("#[derive(crate::{to}::Planted)]\nstruct Planted;"),
                format!("#[serde(with = \"crate::{to}\")]\nstruct Planted;"),
                format!("#[cfg(feature = \"x\")]\nuse crate::{to}::Planted;"),
                format!("#[cfg(any(test, feature = \"x\"))]\nuse crate::{to}::Planted;"),
                format!("#[cfg(not(test))]\nuse crate::{to}::Planted;"),
                format!("mod planted {{ use crate::{to}::Planted; }}"),
            ]);
        }
        spelled
    }

    fn through_the_roof(&mut self) {
        for (room, file) in self.spots() {
            let up = to_the_roof(&file);
            self.caught(&file, "use crate::Planted;", "use crate::Planted");
            self.caught(&file, "use crate::{Planted as P};", "use crate::Planted");
            self.caught(&file, &format!("use {up}::Planted;"), "use crate::Planted");
            self.caught(&file, "fn planted(_: crate::Planted) {}", "use crate::Planted");
            self.caught(&file, "fn planted() { vec![crate::Planted]; }", "use crate::Planted");
            self.caught(&file, "use crate::*;", "use crate::*");
            self.passes(&file, &format!("use crate::{room};\nfn planted(_: {room}::Own) {{}}"));
            self.passes(&file, "pub(crate) fn planted() {}");
            for text in self.cloaks("crate::Planted") {
                self.passes(&file, &text);
            }
        }
        let exported = "#[macro_export]\nmacro_rules! planted { () => {} }";
        let used = at_end("src/verify/verifier.rs", "fn planted() { crate::planted!(); }");
        self.add(vec![at_end("src/error.rs", exported), used], Expect::Passes);
    }

    fn through_own_contents(&mut self) {
        let borrow = || at_end("src/verify/mod.rs", "pub use crate::key::Planted as Borrowed;");
        let deed = || Expect::Caught("use key through its own mod.rs".to_owned());
        for text in [
            "use super::Borrowed;",
            "use super::{Borrowed as B};",
            "fn planted(_: &crate::verify::Borrowed) {}",
        ] {
            self.add(vec![borrow(), at_end("src/verify/cache.rs", text)], deed());
        }
        let above = at_end("src/preset/pem.rs", "use crate::verify::Borrowed;");
        self.add(vec![borrow(), above], Expect::Passes);
        self.passes("src/verify/builder.rs", "use super::Cache;");
    }

    fn http(&mut self) {
        for (room, file) in self.spots() {
            for name in ["http", "http_body"] {
                if WITHOUT_HTTP.contains(&room) {
                    self.forbidden_crate(&file, name);
                } else {
                    self.passes(&file, &format!("use {name}::Planted;"));
                }
            }
            self.passes(&file, "use httpdate::Planted;");
            self.passes(&file, "mod http { pub struct Own; }\nfn planted(_: http::Own) {}");
        }
        if self.spellings == Spellings::Every {
            let deed = "use the crate http";
            self.caught("src/rule.rs", "use hyper_types::Request;", deed);
            let borrow = at_end("src/observe.rs", "pub use http::Request as Borrowed;");
            let used = at_end("src/rule.rs", "use crate::observe::Borrowed;");
            self.add(vec![borrow, used], Expect::Caught(deed.to_owned()));
        }
    }

    fn forbidden_crate(&mut self, file: &str, name: &str) {
        let deed = format!("use the crate {name}");
        for text in crate_spellings(name, self.spellings) {
            self.caught(file, &text, &deed);
        }
        for text in self.cloaks(&format!("{name}::Planted")) {
            self.passes(file, &text);
        }
    }

    fn reserved_crates(&mut self) {
        for name in CRYPTO.iter().chain(EVENTS).chain([&CONVERTED]) {
            for (room, file) in self.spots() {
                if room == "observe" && EVENTS.contains(name) {
                    self.passes(&file, &format!("use {name}::Planted;"));
                } else {
                    self.forbidden_crate(&file, name);
                }
            }
        }
        for file in CRYPTO_PLACES {
            for name in CRYPTO {
                self.passes(file, &format!("use {name}::Planted;"));
            }
            for name in EVENTS.iter().chain([&CONVERTED]) {
                self.forbidden_crate(file, name);
            }
        }
        for file in CONVERSIONS {
            self.passes(file, &format!("use {CONVERTED}::Planted;"));
            for name in CRYPTO.iter().chain(EVENTS) {
                self.forbidden_crate(file, name);
            }
        }
        self.forbidden_crate("src/key/mod.rs", "ring");
        self.forbidden_crate("src/lib.rs", "tracing");
        self.forbidden_crate("src/testing/issuer.rs", "jsonwebtoken");
        if self.spellings == Spellings::Every {
            self.caught("src/jws/header.rs", "use old_hmac::Mac;", "use the crate hmac");
            let renamed = at_end("src/lib.rs", "extern crate tracing as events;");
            let used = at_end("src/jws/header.rs", "fn planted() { events::info!(); }");
            let caught = Expect::Caught("use the crate tracing".to_owned());
            self.add(vec![used, renamed], caught);
        }
    }

    fn time(&mut self) {
        for (room, file) in self.spots() {
            for (deed, text) in READS_TIME {
                if room == "clock" {
                    self.passes(&file, text);
                } else {
                    self.caught(&file, text, &format!("use {deed}"));
                }
            }
            for text in NAMES_TIME {
                self.passes(&file, text);
            }
        }
        for (deed, text) in READS_TIME {
            self.passes("src/testing/clock.rs", text);
            self.caught("src/testing/issuer.rs", text, &format!("use {deed}"));
        }
        let own = "use crate::clock::Clock;\nfn planted() { Clock::now(); }";
        self.passes("src/verify/verifier.rs", own);
    }

    fn guarded(&mut self) {
        for (_, file) in self.spots() {
            for text in [
                "fn planted() { key.verify_with(x); }",
                "fn planted() { Backend::verify_with(key, x); }",
                "fn planted() { let f = Planted::verify_with; }",
                "fn planted() { assert!(key.verify_with(x)); }",
                "use planted::verify_with;\nfn planted() { verify_with(x); }",
            ] {
                if file == "src/key/verification_key.rs" {
                    self.passes(&file, text);
                } else {
                    self.caught(&file, text, "call verify_with");
                }
            }
            self.passes(&file, "impl Planted { fn verify_with(&self) {} }");
            self.passes(&file, "/// `key.verify_with(x)`\nfn planted() { f(\"verify_with\"); }");
        }
        self.passes("src/key/verification_key.rs", "fn planted() { key.verify_with(x); }");
        for room in ["preset", "possession", "authenticate", "testing"] {
            if let Some(file) = self.spot(room) {
                self.makes_verified(&file);
            }
        }
        self.passes("src/verify/verifier.rs", "fn planted() { Verified::new(x); }");
        self.passes("src/verify/cache.rs", "fn planted() { super::Verified::<u8>::new(x); }");
    }

    fn makes_verified(&mut self, file: &str) {
        for text in [
            "use crate::verify::Verified;\nfn planted() { Verified::new(x); }",
            "use crate::verify::{Verified as V};\nfn planted() { V::new(x); }",
            "fn planted() { crate::verify::Verified::<u8>::new(x); }",
            "fn planted() { <crate::verify::Verified<u8>>::new(x); }",
            "fn planted() { x.map(crate::verify::Verified::new); }",
            "fn planted() { vec![crate::verify::Verified::new(x)]; }",
            "impl crate::verify::Verified { fn planted() { Self::new(x); } }",
        ] {
            self.caught(file, text, "call Verified::new");
        }
        self.passes(file, "fn planted() { crate::verify::Verified::of(x); }");
        self.passes(file, "fn planted() { crate::verify::Verifier::new(x); }");
        self.passes(file, "#[cfg(test)]\nfn planted() { crate::verify::Verified::new(x); }");
    }

    fn stairs(&mut self) {
        for (room, low, high) in UPSTAIRS {
            let file = format!("src/{room}/{low}.rs");
            let there = format!("src/{room}/{high}.rs");
            let known = |path: &str| self.tree.modules.iter().any(|module| module.file == path);
            if !known(&file) || !known(&there) {
                continue;
            }
            let deed = format!("use {high} in {low}");
            let mut spelled = vec![
                format!("use super::{high}::Planted;"),
                format!("use crate::{room}::{{{low}::Own as _, {high}::{{Planted as P}}}};"),
                format!("fn planted(_: &crate::{room}::{high}::Planted) {{}}"),
            ];
            if self.spellings == Spellings::Every {
                let name = type_name(high);
                spelled.push(format!("use super::{name} as P;"));
                spelled.push(format!("use crate::{room}::{name} as P;"));
                spelled.push(format!("use super::*;\nfn planted(_: {name}) {{}}"));
                spelled.push(format!("fn planted() {{ vec![super::{high}::make()]; }}"));
            }
            for text in spelled {
                self.caught(&file, &text, &deed);
            }
            for text in self.cloaks(&format!("super::{high}::Planted")) {
                self.passes(&file, &text);
            }
            self.passes(&there, &format!("use super::{low}::Planted;"));
        }
    }

    fn circles(&mut self) {
        for (room, _) in ROOMS {
            let contents = format!("src/{room}/mod.rs");
            if !self.tree.modules.iter().any(|module| module.file == contents) {
                continue;
            }
            for back in [
                "use super::planted_a::A;".to_owned(),
                format!("use crate::{room}::{{planted_a::{{A as X}}}};"),
                format!("fn planted(_: &crate::{room}::planted_a::A) {{}}"),
                "use super::A;".to_owned(),
                "use super::planted_c::C;".to_owned(),
            ] {
                let caught = Expect::Caught("use planted_b in a circle".to_owned());
                self.add(three_files(room, &back), caught);
            }
            for beside in [
                "",
                "/// [`super::A`]\npub struct B;",
                "#[cfg(test)]\nmod t { use super::super::A; }",
            ] {
                self.add(three_files(room, beside), Expect::Passes);
            }
        }
    }

    fn contents(&mut self) {
        let rooms: Vec<_> = ROOMS.iter().map(|(room, _)| format!("src/{room}/mod.rs")).collect();
        let roof = "src/lib.rs".to_owned();
        for file in rooms.into_iter().chain([roof]) {
            if !self.tree.modules.iter().any(|module| module.file == file) {
                continue;
            }
            for (text, kind) in [
                ("pub struct Planted;", "struct Planted"),
                ("pub enum Planted {}", "enum Planted"),
                ("pub trait Planted {}", "trait Planted"),
                ("pub type Planted = u8;", "type Planted"),
                ("fn planted() {}", "fn planted"),
                ("const PLANTED: u8 = 1;", "const PLANTED"),
                ("static PLANTED: u8 = 1;", "static PLANTED"),
                ("impl Planted {}", "an impl block"),
                ("macro_rules! planted { () => {} }", "a macro"),
                ("make! {}", "a macro"),
                ("#[cfg(feature = \"x\")]\npub struct Planted;", "struct Planted"),
            ] {
                self.caught(&file, text, &format!("define {kind} here"));
            }
            self.passes(&file, "/// Docs.\n#[cfg(feature = \"x\")]\npub use std::fmt;");
            self.passes(&file, "extern crate alloc;");
            self.passes(&file, "#[cfg(test)]\nmod planted { struct Planted; }");
            self.passes(&file, "#[cfg(doctest)]\nstruct Planted;");
        }
    }

    /// Rooms outside the plan, and files outside the tree.
    fn plan(&mut self) {
        let roof = "src/lib.rs";
        self.caught(roof, "mod cellar {}", "have a room cellar");
        self.caught(roof, "#[cfg(feature = \"x\")]\npub mod cellar {}", "have a room cellar");
        let cellar = "#[path = \"token/planted.rs\"]\nmod cellar;";
        let hidden = || new_file("src/token/planted.rs", "struct Planted;");
        let caught = |deed: &str| Expect::Caught(deed.to_owned());
        self.add(vec![at_end(roof, cellar), hidden()], caught("have a room cellar"));
        self.passes(roof, "#[cfg(test)]\nmod cellar {}");
        self.add(vec![hidden()], caught("stand apart"));
        self.caught("src/token/mod.rs", "mod planted;", "declare a module without a file");
        self.add(vec![at_end("src/token/mod.rs", "mod planted;"), hidden()], Expect::Passes);
        for declared in [
            "#[path = \"../odd/planted.rs\"]\nmod odd;",
            "#[cfg(feature = \"x\")]\n#[path = \"../odd/planted.rs\"]\nmod odd;",
            "#[cfg_attr(unix, path = \"../odd/planted.rs\")]\nmod odd;",
        ] {
            let declared = at_end("src/policy/mod.rs", declared);
            let used = new_file("src/odd/planted.rs", "use crate::token::Planted;");
            self.add(vec![declared, used], caught("use token"));
        }
        self.caught("src/rule.rs", "this is no Rust", "be unreadable");
    }

    fn features(&mut self) {
        const FREE: &[&str] = &["src/observe.rs", "src/key/backend.rs", "src/key/backend/aws.rs"];
        for (room, file) in self.spots() {
            for (place, text) in FEATURE_INSIDE.iter().filter(|_| room != "observe") {
                self.caught(&file, text, &format!("use cfg(feature) on {place}"));
            }
            for text in FEATURE_AROUND {
                self.passes(&file, text);
            }
        }
        for file in FREE {
            for (_, text) in FEATURE_INSIDE {
                self.passes(file, text);
            }
        }
    }
}

/// The way from a file up to `lib.rs`, by as many `super` as it stands deep.
fn to_the_roof(file: &str) -> String {
    vec!["super"; file.matches('/').count()].join("::")
}

fn at_end(file: &str, text: &str) -> Edit {
    Edit { file: file.to_owned(), text: text.to_owned(), new: false }
}

fn new_file(file: &str, text: &str) -> Edit {
    Edit { file: file.to_owned(), text: text.to_owned(), new: true }
}

/// Two files, the first using the second, which holds `back`; a third uses the first.
fn three_files(room: &str, back: &str) -> Vec<Edit> {
    let list = "mod planted_a;\nmod planted_b;\nmod planted_c;\npub use planted_a::A;";
    vec![
        at_end(&format!("src/{room}/mod.rs"), list),
        new_file(&format!("src/{room}/planted_a.rs"), "use super::planted_b::B;\npub struct A;"),
        new_file(&format!("src/{room}/planted_b.rs"), back),
        new_file(&format!("src/{room}/planted_c.rs"), "use super::planted_a::A;\npub struct C;"),
    ]
}

fn crate_spellings(name: &str, spellings: Spellings) -> Vec<String> {
    let mut spelled = vec![
        format!("use {name}::Planted;"),
        format!("use {{std::fmt as _, {name}::{{Planted as P}}}};"),
    ];
    // The roof and the tables of contents define nothing: the third spelling stands in a block.
    spelled.push(format!("fn planted(_: &{name}::Planted) {{}}"));
    if spellings == Spellings::Every {
        spelled.extend([
            format!("use ::{name};"),
            format!("use {name} as other;"),
            format!("pub use {name}::Planted;"),
            format!("extern crate {name} as other;"),
            format!("fn planted() {{ ::{name}::make::<u8>(); }}"),
            format!("fn planted() {{ use {name}::Planted; }}"),
            format!("fn planted() {{ vec![{name}::Planted]; }}"),
            format!("fn planted() {{ {name}::planted!(); }}"),
            format!("#[{name}::planted]\nfn planted() {{}}"),
            format!("#[cfg_attr(feature = \"x\", {name}::planted)]\nfn planted() {{}}"),
        ]);
    }
    spelled
}
