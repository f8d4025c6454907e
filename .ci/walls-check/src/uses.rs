//! What one module uses: every path outside tests, wherever it is spelled.

use proc_macro2::{Span, TokenStream};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ImplItem, Item, ItemUse, Macro, Meta, QSelf, Stmt, TraitItem, Type, Visibility,
};

use crate::attrs;
use crate::resolve::{Resolver, Scope, Stop, Written, leaves};
use crate::tokens;
use crate::tree::{Module, ModuleId, plain};

/// A path, and everything it leads to.
pub struct Reference {
    pub line: usize,
    pub written: Written,
    /// Written in a `use` or an `extern crate`.
    pub import: bool,
    /// Begins with a name that a `use` brought in, which was judged there.
    pub aliased: bool,
    pub stops: Vec<Stop>,
}

/// `.name(…)`
pub struct MethodCall {
    pub line: usize,
    pub name: String,
}

/// A `cfg(feature = …)` that stands on something other than an item.
pub struct Gate {
    pub line: usize,
    pub on: &'static str,
}

#[derive(Default)]
pub struct Uses {
    pub references: Vec<Reference>,
    pub calls: Vec<MethodCall>,
    pub gates: Vec<Gate>,
}

/// Collects what a module uses, its inner modules left aside.
pub fn collect(resolver: &Resolver<'_>, id: ModuleId) -> Uses {
    let module: &Module = &resolver.tree.modules[id];
    let mut collector = Collector {
        resolver,
        module: id,
        blocks: Vec::new(),
        itself: Vec::new(),
        place: None,
        found: Uses::default(),
    };
    for attr in module.source.attrs() {
        collector.visit_attribute(attr);
    }
    for item in module.source.items() {
        collector.visit_item(item);
    }
    collector.found
}

struct Collector<'r> {
    resolver: &'r Resolver<'r>,
    module: ModuleId,
    /// The imports of the function bodies around.
    blocks: Vec<Scope>,
    /// The types that `Self` stands for.
    itself: Vec<Written>,
    /// What the next attribute stands on; `None` for an item.
    place: Option<&'static str>,
    found: Uses,
}

impl Collector<'_> {
    fn path(&mut self, written: Written, span: Span) {
        self.reference(written, span.start().line, false);
    }

    fn reference(&mut self, written: Written, line: usize, import: bool) {
        let written = self.without_self(written);
        let aliased = !import && self.resolver.is_aliased(self.module, &self.blocks, &written);
        let stops = self.resolver.resolve(self.module, &self.blocks, &written, import);
        self.found.references.push(Reference { line, written, import, aliased, stops });
    }

    /// `Self::new` inside `impl Verified` is `Verified::new`.
    fn without_self(&self, mut written: Written) -> Written {
        if let (Some("Self"), Some(itself)) =
            (written.segments.first().map(String::as_str), self.itself.last())
        {
            written.leading = itself.leading;
            written.segments.splice(..1, itself.segments.iter().cloned());
        }
        written
    }

    fn import(&mut self, item: &ItemUse) {
        for leaf in leaves(item) {
            self.reference(leaf.written, leaf.line, true);
        }
    }

    fn call(&mut self, name: String, span: Span) {
        self.found.calls.push(MethodCall { line: span.start().line, name });
    }

    fn gate(&mut self, on: &'static str, span: Span) {
        self.found.gates.push(Gate { line: span.start().line, on });
    }

    fn tokens(&mut self, tokens: TokenStream, items: bool) {
        for found in tokens::scan(tokens, items) {
            match found {
                tokens::Found::Use(item) => self.import(&item),
                tokens::Found::Path(written, span) => self.path(written, span),
                tokens::Found::Call(name, span) => self.call(name, span),
                tokens::Found::Gate(on, span) => self.gate(on, span),
            }
        }
    }

    /// The paths that serde reads out of strings: `#[serde(with = "…")]`.
    fn serde_paths(&mut self, attr: &Attribute) {
        const KEYS: &[&str] = &[
            "with",
            "serialize_with",
            "deserialize_with",
            "default",
            "from",
            "try_from",
            "into",
            "remote",
            "getter",
            "skip_serializing_if",
            "crate",
        ];
        let read = attr.parse_nested_meta(|meta| {
            let key = KEYS.iter().any(|key| meta.path.is_ident(key));
            if let Ok(value) = meta.value() {
                let value: Expr = value.parse()?;
                if let Some(text) = attrs::literal(&value).filter(|_| key)
                    && let Ok(ty) = syn::parse_str::<Type>(&text)
                {
                    let line = meta.path.segments[0].ident.span().start().line;
                    let mut paths = TypePaths::default();
                    paths.visit_type(&ty);
                    for written in paths.found {
                        self.reference(written, line, false);
                    }
                }
            }
            Ok(())
        });
        // Anything else serde understands holds no path.
        drop(read);
    }

    /// Visits what stands in `node` with attributes standing on `place`.
    fn within(&mut self, place: Option<&'static str>, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.place, place);
        visit(self);
        self.place = outer;
    }

    /// `<Verified<C>>::new`: the type, and what follows it.
    fn qualified(&mut self, qself: Option<&QSelf>, path: &syn::Path) -> bool {
        let Some(qself) = qself.filter(|qself| qself.position == 0) else {
            return false;
        };
        self.visit_type(&qself.ty);
        if let Type::Path(ty) = &*qself.ty {
            let mut written = Written::of(&ty.path);
            written.segments.extend(Written::of(path).segments);
            self.path(written, ty.path.segments[0].ident.span());
        }
        for segment in &path.segments {
            self.visit_path_arguments(&segment.arguments);
        }
        true
    }
}

#[derive(Default)]
struct TypePaths {
    found: Vec<Written>,
}

impl<'ast> Visit<'ast> for TypePaths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.found.push(Written::of(path));
        visit::visit_path(self, path);
    }
}

/// A visiting function that notes what the attributes of its node stand on.
macro_rules! standing_on {
    ($($function:ident($node:ty) on $place:literal;)+) => {$(
        fn $function(&mut self, node: &'ast $node) {
            self.within(Some($place), |inner| visit::$function(inner, node));
        }
    )+};
}

impl<'ast> Visit<'ast> for Collector<'_> {
    standing_on! {
        visit_local(syn::Local) on "a statement";
        visit_arm(syn::Arm) on "a match arm";
        visit_field(syn::Field) on "a field";
        visit_field_value(syn::FieldValue) on "a field";
        visit_field_pat(syn::FieldPat) on "a field";
        visit_variant(syn::Variant) on "a variant";
        visit_pat(syn::Pat) on "a pattern";
        visit_fn_arg(syn::FnArg) on "a parameter";
        visit_generic_param(syn::GenericParam) on "a parameter";
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::Verbatim(tokens) = expr {
            self.tokens(tokens.clone(), false);
        }
        self.within(Some("an expression"), |inner| {
            visit::visit_expr(inner, expr);
        });
    }

    fn visit_type(&mut self, ty: &'ast Type) {
        if let Type::Verbatim(tokens) = ty {
            self.tokens(tokens.clone(), false);
        }
        visit::visit_type(self, ty);
    }

    fn visit_item(&mut self, item: &'ast Item) {
        if attrs::is_test(attrs::of_item(item)) {
            return;
        }
        if let Item::Verbatim(tokens) = item {
            self.tokens(tokens.clone(), true);
        }
        let place = (!self.blocks.is_empty()).then_some("a statement");
        self.within(place, |inner| visit::visit_item(inner, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        for attr in &item.attrs {
            self.visit_attribute(attr);
        }
        // A module in a function body is no part of the tree.
        if let (false, Some((_, items))) = (self.blocks.is_empty(), &item.content) {
            for item in items {
                self.visit_item(item);
            }
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for attr in &item.attrs {
            self.visit_attribute(attr);
        }
        self.import(item);
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        for attr in &item.attrs {
            self.visit_attribute(attr);
        }
        let name = plain(&item.ident);
        if name != "self" {
            let line = item.ident.span().start().line;
            self.reference(Written::new(true, vec![name]), line, true);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let itself = match &*item.self_ty {
            Type::Path(ty) if ty.qself.is_none() => Written::of(&ty.path),
            _ => Written::new(false, vec!["Self".to_owned()]),
        };
        self.itself.push(itself);
        visit::visit_item_impl(self, item);
        self.itself.pop();
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        for attr in &item.attrs {
            self.visit_attribute(attr);
        }
        // `macro_rules! x { … }` holds rules; any other macro out here may hold items.
        self.invocation(&item.mac, item.ident.is_none() && self.blocks.is_empty());
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        if let ImplItem::Verbatim(tokens) = item {
            self.tokens(tokens.clone(), true);
        }
        if !attrs::is_test(attrs::of_impl_item(item)) {
            self.within(None, |inner| visit::visit_impl_item(inner, item));
        }
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        if let TraitItem::Verbatim(tokens) = item {
            self.tokens(tokens.clone(), false);
        }
        if !attrs::is_test(attrs::of_trait_item(item)) {
            let place = Some("a trait's item");
            self.within(place, |inner| visit::visit_trait_item(inner, item));
        }
    }

    fn visit_foreign_item(&mut self, item: &'ast syn::ForeignItem) {
        self.within(None, |inner| visit::visit_foreign_item(inner, item));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let items = block.stmts.iter().filter_map(|stmt| match stmt {
            Stmt::Item(item) => Some(item),
            _ => None,
        });
        self.blocks.push(Scope::of(items));
        visit::visit_block(self, block);
        self.blocks.pop();
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if !attrs::is_test(attrs::of_stmt(stmt)) {
            self.within(Some("a statement"), |inner| match stmt {
                // Not as an expression: its attributes stand on the statement.
                Stmt::Expr(expr, _) => visit::visit_expr(inner, expr),
                _ => visit::visit_stmt(inner, stmt),
            });
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.call(plain(&call.method), call.method.span());
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        for attr in &expr.attrs {
            self.visit_attribute(attr);
        }
        if !self.qualified(expr.qself.as_ref(), &expr.path) {
            visit::visit_expr_path(self, expr);
        }
    }

    fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
        if !self.qualified(ty.qself.as_ref(), &ty.path) {
            visit::visit_type_path(self, ty);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(first) = path.segments.first() {
            self.path(Written::of(path), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.invocation(call, false);
    }

    fn visit_attribute(&mut self, attr: &'ast Attribute) {
        if attr.path().is_ident("doc") {
            return;
        }
        if let (true, Some(on)) = (attrs::asks_feature(attr), self.place) {
            self.gate(on, attr.pound_token.spans[0]);
        }
        if attr.path().is_ident("serde") {
            self.serde_paths(attr);
        }
        self.visit_path(attr.path());
        match &attr.meta {
            Meta::List(list) => self.tokens(list.tokens.clone(), true),
            Meta::NameValue(pair) => self.visit_expr(&pair.value),
            Meta::Path(_) => {}
        }
    }

    // `pub(in crate::key)` only names what stands around it.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

impl Collector<'_> {
    fn invocation(&mut self, call: &Macro, items: bool) {
        let span = call.path.segments[0].ident.span();
        if call.path.is_ident("cfg") && attrs::names_feature(call.tokens.clone()) {
            self.gate("a condition", span);
        }
        self.path(Written::of(&call.path), span);
        self.tokens(call.tokens.clone(), items);
    }
}
