//! What a path means: names looked up in modules, aliases and re-exports followed to the definition.

use std::collections::HashMap;

use syn::{Item, ItemUse, Path, Type, UseTree, Visibility};

use crate::attrs;
use crate::tree::{ModuleId, ROOT, Tree, plain};

/// A path as it is written, without generic arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Begins with `::`, which names a crate.
    pub leading: bool,
    pub segments: Vec<String>,
}

impl Written {
    pub fn new(leading: bool, segments: Vec<String>) -> Self {
        Self { leading, segments }
    }

    pub fn of(path: &Path) -> Self {
        let segments = path.segments.iter().map(|segment| plain(&segment.ident)).collect();
        Self::new(path.leading_colon.is_some(), segments)
    }

    fn then(&self, rest: &[String]) -> Self {
        Self::new(self.leading, [&self.segments, rest].concat())
    }
}

/// A place a path leads to, or leads through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A module of ours; `rest` is the item in it, and what follows. Empty: the module itself.
    Ours { module: ModuleId, rest: Vec<String>, reexport: bool },
    /// A name asked of the crate root which is no module.
    Roof { name: String },
    /// Another crate, and the path inside it.
    Crate { name: String, rest: Vec<String> },
}

/// One name that a `use` brings in, or a glob.
pub struct Leaf {
    pub written: Written,
    /// The name it gets here; `None` for a glob and for `as _`.
    pub name: Option<String>,
    pub line: usize,
}

impl Leaf {
    fn is_glob(&self) -> bool {
        self.written.segments.last().is_some_and(|last| last == "*")
    }
}

/// Takes a `use` apart into its leaves.
pub fn leaves(item: &ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    let start = Written::new(item.leading_colon.is_some(), Vec::new());
    grow(&item.tree, &start, &mut found);
    found
}

fn grow(tree: &UseTree, prefix: &Written, found: &mut Vec<Leaf>) {
    match tree {
        UseTree::Path(path) => grow(&path.tree, &prefix.then(&[plain(&path.ident)]), found),
        UseTree::Group(group) => group.items.iter().for_each(|tree| grow(tree, prefix, found)),
        UseTree::Name(leaf) => {
            let (name, line) = (plain(&leaf.ident), leaf.ident.span().start().line);
            found.push(grown(prefix, &name, None, line));
        }
        UseTree::Rename(leaf) => {
            let (name, line) = (plain(&leaf.ident), leaf.ident.span().start().line);
            found.push(grown(prefix, &name, Some(plain(&leaf.rename)), line));
        }
        UseTree::Glob(glob) => {
            let line = glob.star_token.spans[0].start().line;
            found.push(Leaf { written: prefix.then(&["*".to_owned()]), name: None, line });
        }
    }
}

fn grown(prefix: &Written, name: &str, rename: Option<String>, line: usize) -> Leaf {
    let itself = name == "self" && !prefix.segments.is_empty();
    let written = if itself { prefix.clone() } else { prefix.then(&[name.to_owned()]) };
    let name = rename.or_else(|| written.segments.last().cloned()).filter(|name| name != "_");
    Leaf { written, name, line }
}

/// What a name stands for in a scope.
#[derive(Clone)]
enum Meaning {
    Module(ModuleId),
    /// Defined right here.
    Item,
    /// An exported macro, which lives at the root and is defined in this module.
    Exported(ModuleId),
    Alias {
        written: Written,
        public: bool,
    },
}

/// The names of one module, or of one block.
#[derive(Default)]
pub struct Scope {
    names: HashMap<String, Vec<Meaning>>,
    globs: Vec<(Written, bool)>,
}

impl Scope {
    /// What the items define and import. Modules are added by the caller.
    pub fn of<'i>(items: impl Iterator<Item = &'i Item>) -> Self {
        let mut scope = Self::default();
        items.filter(|item| !attrs::is_test(attrs::of_item(item))).for_each(|item| scope.add(item));
        scope
    }

    fn add(&mut self, item: &Item) {
        match item {
            Item::Use(item) => self.import(item),
            Item::ExternCrate(item) => {
                let name = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename);
                self.name(plain(name), extern_crate(item));
            }
            Item::Type(item) => {
                if let Type::Path(ty) = &*item.ty
                    && ty.qself.is_none()
                {
                    let written = Written::of(&ty.path);
                    self.name(plain(&item.ident), Meaning::Alias { written, public: true });
                }
                self.name(plain(&item.ident), Meaning::Item);
            }
            Item::Const(syn::ItemConst { ident, .. })
            | Item::Enum(syn::ItemEnum { ident, .. })
            | Item::Fn(syn::ItemFn { sig: syn::Signature { ident, .. }, .. })
            | Item::Macro(syn::ItemMacro { ident: Some(ident), .. })
            | Item::Static(syn::ItemStatic { ident, .. })
            | Item::Struct(syn::ItemStruct { ident, .. })
            | Item::Trait(syn::ItemTrait { ident, .. })
            | Item::TraitAlias(syn::ItemTraitAlias { ident, .. })
            | Item::Union(syn::ItemUnion { ident, .. }) => self.name(plain(ident), Meaning::Item),
            _ => {}
        }
    }

    fn import(&mut self, item: &ItemUse) {
        let public = !matches!(item.vis, Visibility::Inherited);
        for leaf in leaves(item) {
            if leaf.is_glob() {
                self.globs.push((leaf.written, public));
            } else if let Some(name) = leaf.name {
                self.name(name, Meaning::Alias { written: leaf.written, public });
            }
        }
    }

    fn name(&mut self, name: String, meaning: Meaning) {
        self.names.entry(name).or_default().push(meaning);
    }
}

fn extern_crate(item: &syn::ItemExternCrate) -> Meaning {
    let public = !matches!(item.vis, Visibility::Inherited);
    let name = plain(&item.ident);
    let root = name == "self";
    let segments = vec![if root { "crate".to_owned() } else { name }];
    Meaning::Alias { written: Written::new(!root, segments), public }
}

pub struct Resolver<'t> {
    pub tree: &'t Tree,
    scopes: Vec<Scope>,
}

impl<'t> Resolver<'t> {
    pub fn new(tree: &'t Tree) -> Self {
        let mut scopes: Vec<_> =
            tree.modules.iter().map(|module| Scope::of(module.source.items().iter())).collect();
        for (id, module) in tree.modules.iter().enumerate() {
            if let (Some(parent), Some(name)) = (module.parent, module.path.last()) {
                scopes[parent].name(name.clone(), Meaning::Module(id));
            }
            for name in exported_macros(module.source.items()) {
                scopes[ROOT].name(name, Meaning::Exported(id));
            }
        }
        Self { tree, scopes }
    }

    /// Every stop of a path written in `from`, inside these blocks. `import`: written in a `use`,
    /// where one segment alone may name a crate.
    pub fn resolve(
        &self,
        from: ModuleId,
        blocks: &[Scope],
        written: &Written,
        import: bool,
    ) -> Vec<Stop> {
        let mut walk =
            Walk { resolver: self, origin: from, stops: Vec::new(), following: Vec::new() };
        let inner = block_meaning(blocks, written);
        match inner {
            // An import in a block does not see itself: `use http;`.
            Some(_) if import => walk.start(from, written, import),
            Some(Meaning::Alias { written: alias, .. }) => {
                walk.start(from, &alias.then(&written.segments[1..]), true);
            }
            Some(_) => {}
            None => walk.start(from, written, import),
        }
        walk.stops
    }

    /// Whether the path begins with a name that a `use` brought in.
    pub fn is_aliased(&self, from: ModuleId, blocks: &[Scope], written: &Written) -> bool {
        let Some(first) = written.segments.first().filter(|_| !written.leading) else {
            return false;
        };
        let explicit = self.scopes[from].names.get(first);
        let alias = |meaning: &Meaning| matches!(meaning, Meaning::Alias { .. });
        block_meaning(blocks, written).is_some()
            || explicit.is_some_and(|meanings| meanings.iter().any(alias))
            || explicit.is_none() && !self.scopes[from].globs.is_empty()
    }
}

fn block_meaning<'b>(blocks: &'b [Scope], written: &Written) -> Option<&'b Meaning> {
    let first = written.segments.first().filter(|_| !written.leading)?;
    blocks.iter().rev().find_map(|block| block.names.get(first)?.first())
}

fn exported_macros(items: &[Item]) -> Vec<String> {
    let exported = |item: &Item| match item {
        Item::Macro(syn::ItemMacro { attrs, ident: Some(ident), .. }) => {
            attrs.iter().any(|attr| attr.path().is_ident("macro_export")).then(|| plain(ident))
        }
        _ => None,
    };
    items.iter().filter_map(exported).collect()
}

/// A name found, with the module that has it.
enum Hit {
    Meaning(ModuleId, Meaning),
    /// Perhaps brought in by a glob over another crate.
    CrateGlob(String, Vec<String>),
}

/// One path being followed.
struct Walk<'r> {
    resolver: &'r Resolver<'r>,
    origin: ModuleId,
    stops: Vec<Stop>,
    /// Aliases and globs being followed, so that `use x; x::y` ends.
    following: Vec<(ModuleId, String)>,
}

impl Walk<'_> {
    /// Follows a path from the module it is written in.
    fn start(&mut self, from: ModuleId, written: &Written, import: bool) {
        let Some((first, rest)) = written.segments.split_first() else {
            return;
        };
        match first.as_str() {
            _ if written.leading => self.leave(first, rest),
            "crate" => self.enter(ROOT, rest, from),
            "self" => self.enter(from, rest, from),
            "super" => self.climb(from, rest, from),
            "Self" => {}
            _ => self.look_up(from, first, rest, import),
        }
    }

    fn climb(&mut self, from: ModuleId, rest: &[String], asker: ModuleId) {
        if let Some(parent) = self.resolver.tree.modules[from].parent {
            self.enter(parent, rest, asker);
        }
    }

    /// Follows what remains of a path inside a module of ours.
    fn enter(&mut self, module: ModuleId, rest: &[String], asker: ModuleId) {
        let Some((name, after)) = rest.split_first() else {
            self.ours(module, rest, false);
            return;
        };
        match name.as_str() {
            "super" => return self.climb(module, after, asker),
            "self" => return self.enter(module, after, asker),
            _ => {}
        }
        let hits = self.hits(module, name, asker);
        let beyond_roof = module == ROOT && !self.in_roof(asker);
        let is_ours =
            |hit: &Hit| matches!(hit, Hit::Meaning(_, Meaning::Module(_) | Meaning::Exported(_)));
        if beyond_roof && !hits.iter().any(is_ours) {
            self.push(Stop::Roof { name: name.clone() });
        } else if hits.is_empty() {
            self.ours(module, rest, false);
        } else {
            self.follow(hits, name, after, asker);
        }
    }

    fn in_roof(&self, module: ModuleId) -> bool {
        let modules = &self.resolver.tree.modules;
        modules[module].file == modules[ROOT].file
    }

    /// A path that begins with a plain name: ours if the module knows it, a crate otherwise.
    fn look_up(&mut self, from: ModuleId, name: &str, rest: &[String], import: bool) {
        let hits = self.hits(from, name, from);
        let known = hits.iter().any(|hit| matches!(hit, Hit::Meaning(..)));
        self.follow(hits, name, rest, from);
        if !known && (import || !rest.is_empty()) {
            self.leave(name, rest);
        }
    }

    fn follow(&mut self, hits: Vec<Hit>, name: &str, rest: &[String], asker: ModuleId) {
        let is_module = |hit: &Hit| matches!(hit, Hit::Meaning(_, Meaning::Module(_)));
        // `mod cache; pub use cache::cache;`: what comes before `::` is the module.
        let modules_only = !rest.is_empty() && hits.iter().any(is_module);
        for hit in hits.into_iter().filter(|hit| !modules_only || is_module(hit)) {
            match hit {
                Hit::Meaning(_, Meaning::Module(inner)) => self.enter(inner, rest, asker),
                Hit::Meaning(owner, Meaning::Item) | Hit::Meaning(_, Meaning::Exported(owner)) => {
                    self.ours(owner, &[&[name.to_owned()], rest].concat(), false);
                }
                Hit::Meaning(owner, Meaning::Alias { written, .. }) => {
                    if owner != self.origin {
                        self.ours(owner, &[&[name.to_owned()], rest].concat(), true);
                    }
                    self.following.push((owner, name.to_owned()));
                    self.start(owner, &written.then(rest), true);
                    self.following.pop();
                }
                Hit::CrateGlob(krate, inside) => {
                    self.leave(&krate, &[&inside, &[name.to_owned()][..], rest].concat());
                }
            }
        }
    }

    /// What a name means in a module, as far as `asker` sees it.
    fn hits(&mut self, module: ModuleId, name: &str, asker: ModuleId) -> Vec<Hit> {
        let followed = self.following.iter().any(|(m, n)| *m == module && n == name);
        let sees_private = self.resolver.tree.is_within(asker, module);
        let visible = |meaning: &&Meaning| match meaning {
            Meaning::Alias { public, .. } => !followed && (*public || sees_private),
            _ => true,
        };
        let named = self.resolver.scopes[module].names.get(name);
        let explicit: Vec<_> = named
            .into_iter()
            .flatten()
            .filter(visible)
            .map(|meaning| Hit::Meaning(module, meaning.clone()))
            .collect();
        if explicit.is_empty() && name != "*" {
            self.glob_hits(module, name, sees_private)
        } else {
            explicit
        }
    }

    fn glob_hits(&mut self, module: ModuleId, name: &str, sees_private: bool) -> Vec<Hit> {
        let resolver = self.resolver;
        let mut found = Vec::new();
        for (index, (written, public)) in resolver.scopes[module].globs.iter().enumerate() {
            let mark = (module, format!("*{index}"));
            if !(*public || sees_private) || self.following.contains(&mark) {
                continue;
            }
            self.following.push(mark);
            for stop in self.aside(module, written) {
                match stop {
                    Stop::Ours { module: inner, rest, reexport: false } if rest == ["*"] => {
                        found.extend(self.hits(inner, name, module));
                    }
                    Stop::Crate { name, rest } => {
                        found.push(Hit::CrateGlob(name, rest[..rest.len().max(1) - 1].to_vec()));
                    }
                    _ => {}
                }
            }
            self.following.pop();
        }
        found
    }

    /// Follows another path without keeping its stops.
    fn aside(&mut self, from: ModuleId, written: &Written) -> Vec<Stop> {
        let kept = std::mem::take(&mut self.stops);
        self.start(from, written, true);
        std::mem::replace(&mut self.stops, kept)
    }

    fn ours(&mut self, module: ModuleId, rest: &[String], reexport: bool) {
        self.push(Stop::Ours { module, rest: rest.to_vec(), reexport });
    }

    fn leave(&mut self, name: &str, rest: &[String]) {
        let renamed = self.resolver.scopes[ROOT].names.get(name).into_iter().flatten();
        let extern_crate = renamed.filter_map(|meaning| match meaning {
            // `extern crate x as y;` in lib.rs names `y` for the whole crate.
            Meaning::Alias { written, .. } if written.leading || written.segments == ["crate"] => {
                Some(written)
            }
            _ => None,
        });
        match extern_crate.into_iter().next() {
            Some(root) if root.segments == ["crate"] => self.enter(ROOT, rest, self.origin),
            Some(other) => self.outside(&other.segments[0], &[&other.segments[1..], rest].concat()),
            None => self.outside(name, rest),
        }
    }

    fn outside(&mut self, name: &str, rest: &[String]) {
        let own = self.resolver.tree.renamed.get(name);
        let name = own.map_or(name, String::as_str).to_owned();
        self.push(Stop::Crate { name, rest: rest.to_vec() });
    }

    fn push(&mut self, stop: Stop) {
        if !self.stops.contains(&stop) {
            self.stops.push(stop);
        }
    }
}
