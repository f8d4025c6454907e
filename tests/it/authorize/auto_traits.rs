//! Which types may cross threads. Held by the compiler; the tests exist to be read.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::{Pending, Ready};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;

use http::Response;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use tower_jwt_auth::RequireLayer;
use tower_jwt_auth::claims::{ClaimPath, GrantClaims};
use tower_jwt_auth::middleware::Require;
use tower_jwt_auth::middleware::ResponseFuture;

/// Send, and not Sync.
type NotSync = Cell<u8>;
/// Neither.
type NotSend = Rc<u8>;
/// Not `Debug`, not `Clone`.
struct Bare;

type Output = Result<Response<()>, ()>;
type LocalFuture = Pin<Box<dyn Future<Output = Output>>>;

#[test]
fn what_is_required_crosses_threads_freely() {
    assert_impl_all!(RequireLayer: Send, Sync, Unpin, Clone, Debug);
    assert_impl_all!(GrantClaims: Send, Sync, Unpin, Clone, Debug);
    assert_impl_all!(ClaimPath: Send, Sync, Unpin, Clone, Debug);
}

#[test]
fn a_service_is_what_the_one_behind_it_is() {
    assert_impl_all!(Require<u8>: Send, Sync, Unpin, Clone, Debug);
    assert_impl_all!(Require<NotSync>: Send, Unpin, Clone);
    assert_not_impl_any!(Require<NotSync>: Sync);
    assert_not_impl_any!(Require<NotSend>: Send, Sync);
    assert_impl_all!(Require<NotSend>: Clone);
    assert_not_impl_any!(Require<Bare>: Clone, Debug);
    assert_not_impl_any!(Require<PhantomPinned>: Unpin);
}

#[test]
fn a_future_is_what_the_inner_one_is() {
    assert_impl_all!(ResponseFuture<Ready<Output>>: Send, Sync, Unpin, Debug);
    assert_impl_all!(ResponseFuture<Pending<Output>>: Send, Unpin);
    assert_impl_all!(ResponseFuture<LocalFuture>: Unpin, Debug);
    assert_not_impl_any!(ResponseFuture<LocalFuture>: Send, Sync);
    assert_not_impl_any!(ResponseFuture<PhantomPinned>: Unpin);
    // Whatever the inner one is, it can be printed.
    assert_impl_all!(ResponseFuture<Bare>: Debug);
}
