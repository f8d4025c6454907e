//! What stands inside a macro call, where there is no syntax tree: paths, imports and method calls,
//! told from the sequence of tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::ItemUse;

use crate::attrs;
use crate::resolve::Written;
use crate::tree::plain;

pub enum Found {
    Use(ItemUse),
    Path(Written, Span),
    /// `.name(…)`
    Call(String, Span),
    /// A `cfg` that asks for a feature, and what it stands on.
    Gate(&'static str, Span),
}

/// Reads the tokens of a macro call. `items`: what stands at their top level may be items, which
/// a feature may gate.
pub fn scan(tokens: TokenStream, items: bool) -> Vec<Found> {
    let mut scanner = Scanner { tokens: tokens.into_iter().collect(), at: 0, found: Vec::new() };
    while scanner.at < scanner.tokens.len() {
        scanner.step(items);
    }
    scanner.found
}

struct Scanner {
    tokens: Vec<TokenTree>,
    at: usize,
    found: Vec<Found>,
}

impl Scanner {
    fn step(&mut self, items: bool) {
        match self.tokens[self.at].clone() {
            TokenTree::Group(group) => {
                let doc = self.is_punct(self.at.wrapping_sub(1), '#') && names(&group, "doc");
                if !doc {
                    self.gate(&group, items);
                    self.found.extend(scan(group.stream(), false));
                }
                self.at += 1;
            }
            TokenTree::Ident(ident) if ident == "use" => self.import(),
            TokenTree::Ident(_) => self.path(),
            _ => self.at += 1,
        }
    }

    /// `#[cfg(feature = …)]` and `cfg!(feature = …)`.
    fn gate(&mut self, group: &Group, items: bool) {
        let attribute = self.is_punct(self.at.wrapping_sub(1), '#') && !items;
        let inner: Vec<_> = group.stream().into_iter().collect();
        if let (true, [TokenTree::Ident(cfg), TokenTree::Group(condition), ..]) =
            (attribute, inner.as_slice())
        {
            let whole = *cfg == "cfg" && attrs::names_feature(condition.stream());
            let first = || attrs::names_feature(attrs::condition(condition.stream()));
            if whole || *cfg == "cfg_attr" && first() {
                self.found.push(Found::Gate("a part of a macro call", group.span_open()));
            }
        }
        let call = self.at >= 2
            && self.is_punct(self.at - 1, '!')
            && matches!(&self.tokens[self.at - 2], TokenTree::Ident(ident) if ident == "cfg");
        if call && attrs::names_feature(group.stream()) {
            self.found.push(Found::Gate("a condition", group.span_open()));
        }
    }

    /// A whole `use …;`, or only its first word when it holds something a macro fills in.
    fn import(&mut self) {
        let end = (self.at..self.tokens.len()).find(|at| self.is_punct(*at, ';'));
        let tokens = end.map(|end| without_dollar(self.tokens[self.at..=end].iter().cloned()));
        if let (Some(end), Some(Ok(item))) = (end, tokens.map(syn::parse2::<ItemUse>)) {
            self.found.push(Found::Use(item));
            self.at = end + 1;
        } else {
            self.at += 1;
        }
    }

    /// A path from its first word on, or a method call.
    fn path(&mut self) {
        let start = self.at;
        let mut segments = vec![self.word(start)];
        let span = self.tokens[start].span();
        self.at += 1;
        while self.is_colons(self.at) {
            self.at += 2;
            self.skip_generics();
            if !matches!(self.tokens.get(self.at), Some(TokenTree::Ident(_))) {
                break;
            }
            segments.push(self.word(self.at));
            self.at += 1;
        }
        let called = matches!(self.tokens.get(self.at),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        self.name(start, segments, span, called);
    }

    fn name(&mut self, start: usize, segments: Vec<String>, span: Span, called: bool) {
        let before = start.wrapping_sub(1);
        let member = self.is_punct(before, '.') && !self.is_punct(start.wrapping_sub(2), '.');
        // `$name::x` begins with something a macro fills in; `$crate` does not.
        let filled_in = self.is_punct(before, '$') && segments[0] != "crate";
        if member {
            if called {
                self.found.extend(segments.into_iter().next().map(|name| Found::Call(name, span)));
            }
        } else if !filled_in && (segments.len() > 1 || called || is_type(&segments[0])) {
            let leading = start >= 2
                && self.is_colons(start - 2)
                && !matches!(self.tokens.get(start.wrapping_sub(3)), Some(TokenTree::Ident(_)))
                && !self.is_punct(start.wrapping_sub(3), '>');
            self.found.push(Found::Path(Written::new(leading, segments), span));
        }
    }

    /// `<…>` between two `::`.
    fn skip_generics(&mut self) {
        let mut depth = 0_usize;
        let start = self.at;
        while let Some(token) = self.tokens.get(self.at) {
            let arrow = self.is_punct(self.at.wrapping_sub(1), '-');
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '<' => depth += 1,
                TokenTree::Punct(punct) if punct.as_char() == '>' && !arrow => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            if depth == 0 && self.at == start {
                return;
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
        // The arguments are read like anything else.
        let arguments: TokenStream = self.tokens[start..self.at].iter().cloned().collect();
        self.found.extend(scan_arguments(arguments));
        if self.is_colons(self.at) {
            self.at += 2;
        }
    }

    fn word(&self, at: usize) -> String {
        match &self.tokens[at] {
            TokenTree::Ident(ident) => plain(ident),
            other => other.to_string(),
        }
    }

    fn is_punct(&self, at: usize, wanted: char) -> bool {
        matches!(self.tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
    }

    fn is_colons(&self, at: usize) -> bool {
        let joint = matches!(self.tokens.get(at),
            Some(TokenTree::Punct(punct)) if punct.spacing() == proc_macro2::Spacing::Joint);
        joint && self.is_punct(at, ':') && self.is_punct(at + 1, ':')
    }
}

fn scan_arguments(arguments: TokenStream) -> Vec<Found> {
    // Without the outer `<` and `>`, so that the scan goes forward.
    let inner: Vec<_> = arguments.into_iter().collect();
    let inner = inner.get(1..inner.len().saturating_sub(1)).unwrap_or_default();
    scan(inner.iter().cloned().collect(), false)
}

/// Whether an attribute's brackets begin with this name.
fn names(group: &Group, wanted: &str) -> bool {
    matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(ident)) if ident == wanted)
}

fn is_type(name: &str) -> bool {
    name.starts_with(char::is_uppercase)
}

/// `$crate` as `crate`.
fn without_dollar(tokens: impl Iterator<Item = TokenTree>) -> TokenStream {
    let tokens: Vec<_> = tokens.collect();
    let mut kept = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let dollar = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '$');
        let krate = matches!(tokens.get(at + 1), Some(TokenTree::Ident(ident)) if ident == "crate");
        if !(dollar && krate) {
            kept.push(token.clone());
        }
    }
    kept.into_iter().collect()
}
