//! Auto traits of the public types. The compiler checks the assertions; the tests only group them.

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

/// `Send` but not `Sync`.
type NotSync = Cell<u8>;
/// Neither `Send` nor `Sync`.
type NotSend = Rc<u8>;
/// Neither `Debug` nor `Clone`.
struct Bare;

type Output = Result<Response<()>, ()>;
type LocalFuture = Pin<Box<dyn Future<Output = Output>>>;

#[test]
fn the_layer_and_its_settings_are_send_and_sync() {
    assert_impl_all!(RequireLayer: Send, Sync, Unpin, Clone, Debug);
    assert_impl_all!(GrantClaims: Send, Sync, Unpin, Clone, Debug);
    assert_impl_all!(ClaimPath: Send, Sync, Unpin, Clone, Debug);
}

#[test]
fn the_service_has_the_auto_traits_of_its_inner_service() {
    assert_impl_all!(Require<u8>: Send, Sync, Unpin, Clone, Debug);
    assert_impl_all!(Require<NotSync>: Send, Unpin, Clone);
    assert_not_impl_any!(Require<NotSync>: Sync);
    assert_not_impl_any!(Require<NotSend>: Send, Sync);
    assert_impl_all!(Require<NotSend>: Clone);
    assert_not_impl_any!(Require<Bare>: Clone, Debug);
    assert_not_impl_any!(Require<PhantomPinned>: Unpin);
}

#[test]
fn the_future_has_the_auto_traits_of_its_inner_future() {
    assert_impl_all!(ResponseFuture<Ready<Output>>: Send, Sync, Unpin, Debug);
    assert_impl_all!(ResponseFuture<Pending<Output>>: Send, Unpin);
    assert_impl_all!(ResponseFuture<LocalFuture>: Unpin, Debug);
    assert_not_impl_any!(ResponseFuture<LocalFuture>: Send, Sync);
    assert_not_impl_any!(ResponseFuture<PhantomPinned>: Unpin);
    // It is `Debug` even when the inner future is not.
    assert_impl_all!(ResponseFuture<Bare>: Debug);
}
