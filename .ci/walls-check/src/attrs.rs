//! Attributes: where they stand, whether they make something a test, whether they ask a feature.

use proc_macro2::{TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ImplItem, Item, Meta, Stmt, Token, TraitItem};

/// Whether what carries these attributes is only compiled for tests.
pub fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| is_test_function(attr) || is_test_cfg(attr))
}

/// `#[test]`, `#[tokio::test]`.
fn is_test_function(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|segment| segment.ident == "test")
}

fn is_test_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg")
        && attr.parse_args::<Meta>().is_ok_and(|predicate| implies_test(&predicate))
}

fn implies_test(predicate: &Meta) -> bool {
    match predicate {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("doctest"),
        Meta::List(list) => {
            let inner = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .unwrap_or_default();
            if list.path.is_ident("all") {
                inner.iter().any(implies_test)
            } else {
                list.path.is_ident("any") && !inner.is_empty() && inner.iter().all(implies_test)
            }
        }
        Meta::NameValue(_) => false,
    }
}

/// Whether the attribute is a `cfg` or `cfg_attr` whose condition asks for a feature.
pub fn asks_feature(attr: &Attribute) -> bool {
    let Meta::List(list) = &attr.meta else {
        return false;
    };
    (list.path.is_ident("cfg") && names_feature(list.tokens.clone()))
        || (list.path.is_ident("cfg_attr") && names_feature(condition(list.tokens.clone())))
}

/// What stands before the first comma.
pub fn condition(tokens: TokenStream) -> TokenStream {
    let comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens.into_iter().take_while(|token| !comma(token)).collect()
}

/// Whether `feature = …` occurs in a condition.
pub fn names_feature(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "feature",
        TokenTree::Group(group) => names_feature(group.stream()),
        _ => false,
    })
}

/// The file an attribute `#[path = "…"]` names, also inside `cfg_attr`.
pub fn path_attribute(attrs: &[Attribute]) -> Vec<String> {
    attrs.iter().flat_map(|attr| path_in(&attr.meta)).collect()
}

fn path_in(meta: &Meta) -> Vec<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => {
            literal(&pair.value).into_iter().collect()
        }
        Meta::List(list) if list.path.is_ident("cfg_attr") => list
            .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
            .map(|inner| inner.iter().skip(1).flat_map(path_in).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The text of a string literal.
pub fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

macro_rules! attrs_of {
    ($node:expr, $kind:ident: $($variant:ident)+) => {
        match $node {
            $($kind::$variant(inner) => inner.attrs.as_slice(),)+
            _ => &[],
        }
    };
}

pub fn of_item(item: &Item) -> &[Attribute] {
    attrs_of!(item, Item: Const Enum ExternCrate Fn ForeignMod Impl Macro Mod Static Struct Trait
        TraitAlias Type Union Use)
}

pub fn of_impl_item(item: &ImplItem) -> &[Attribute] {
    attrs_of!(item, ImplItem: Const Fn Type Macro)
}

pub fn of_trait_item(item: &TraitItem) -> &[Attribute] {
    attrs_of!(item, TraitItem: Const Fn Type Macro)
}

pub fn of_stmt(stmt: &Stmt) -> &[Attribute] {
    match stmt {
        Stmt::Local(local) => &local.attrs,
        Stmt::Item(item) => of_item(item),
        Stmt::Expr(expr, _) => of_expr(expr),
        Stmt::Macro(call) => &call.attrs,
    }
}

fn of_expr(expr: &Expr) -> &[Attribute] {
    attrs_of!(expr, Expr: Array Assign Async Await Binary Block Break Call Cast Closure Const
        Continue Field ForLoop Group If Index Infer Let Lit Loop Macro Match MethodCall Paren Path
        Range RawAddr Reference Repeat Return Struct Try TryBlock Tuple Unary Unsafe While Yield)
}
