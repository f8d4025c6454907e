//! The types that are `Send` and `Sync`, and the traits that are object-safe. The compiler checks these assertions; the
//! tests document them.

use std::cell::Cell;
use std::future::{Pending, Ready};
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use static_assertions::{assert_impl_all, assert_not_impl_any, assert_obj_safe};
use tower::Service;
use tower_jwt_auth::JoseHeader;
use tower_jwt_auth::JwtAuthLayer;
use tower_jwt_auth::Token;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::claims::{Audience, NumericDate, ScopeSet};
use tower_jwt_auth::clock::{Clock, SystemClock};
use tower_jwt_auth::error::Problem;
use tower_jwt_auth::extract::IdentityRejection;
use tower_jwt_auth::key::{
    CryptoBackend, KeyHealth, KeySet, KeySetState, KeySource, Keys, RefreshError, RefreshReason,
    Refreshed, SkipReason,
};
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::middleware::{JwtAuth, JwtAuthFuture};
use tower_jwt_auth::possession::{Confirm, Confirmation};
use tower_jwt_auth::respond::{Plain, ProblemJson, Rejection, Respond};
use tower_jwt_auth::revocation::{Revocation, Standing};
use tower_jwt_auth::source::{BearerHeader, Origin, RawToken, TokenSource};
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestToken};
use tower_jwt_auth::{
    Algorithm, Anonymous, Answer, BuildError, Claims, Error, ErrorKind, Identity, Issuer, Policy,
    Rule, VerificationKey, Verified, Verifier,
};

/// `Send`, not `Sync`.
type NotSync = Cell<u8>;
/// Neither `Send` nor `Sync`.
type NotSend = Rc<u8>;

#[test]
fn plain_types_are_send_and_sync() {
    macro_rules! free {
        ($($type:ty),+ $(,)?) => { $(assert_impl_all!($type: Send, Sync, Unpin);)+ };
    }
    free!(
        Algorithm,
        Anonymous,
        Audience,
        BearerHeader,
        BuildError,
        Claims,
        Confirmation,
        CryptoBackend,
        Error,
        ErrorKind,
        FixedClock,
        Identity,
        IdentityRejection,
        Issuer,
        JoseHeader<'static>,
        KeySet,
        KeySetState,
        KeyHealth,
        Keys,
        NumericDate,
        Origin,
        Plain,
        Policy,
        Problem,
        ProblemJson,
        RawToken<'static>,
        RefreshError,
        RefreshReason,
        Refreshed,
        Rejection<'static>,
        Rule,
        ScopeSet,
        SkipReason,
        Standing,
        SystemClock,
        TestIssuer,
        TestToken<'static>,
        Token,
        VerificationKey,
    );
}

#[test]
fn types_that_only_read_claims_are_always_send_and_sync() {
    assert_impl_all!(Verifier<Claims>: Send, Sync, Unpin, Clone);
    assert_impl_all!(Verifier<NotSend>: Send, Sync, Unpin, Clone);
    assert_impl_all!(VerifierBuilder<Claims>: Send, Sync, Unpin);
    assert_impl_all!(VerifierBuilder<NotSend>: Send, Sync, Unpin);
    assert_impl_all!(JwtAuthLayer<Claims>: Send, Sync, Unpin, Clone);
    assert_impl_all!(JwtAuthLayer<NotSend>: Send, Sync, Unpin, Clone);
}

#[test]
fn types_with_claims_are_send_and_sync_like_them() {
    assert_impl_all!(Verified<Claims>: Send, Sync, Unpin, Clone);
    assert_not_impl_any!(Verified<NotSync>: Send, Sync);
    assert_impl_all!(Verified<NotSync>: Clone);
    assert_impl_all!(Answer<u8>: Send, Unpin);
    assert_not_impl_any!(Answer<NotSend>: Send);
}

#[test]
fn a_service_has_the_auto_traits_of_its_inner_service() {
    assert_impl_all!(JwtAuth<u8>: Send, Sync, Unpin, Clone);
    assert_impl_all!(JwtAuth<NotSync>: Send, Unpin);
    assert_not_impl_any!(JwtAuth<NotSync>: Sync);
    assert_not_impl_any!(JwtAuth<NotSend>: Send, Sync);
    assert_impl_all!(JwtAuth<NotSend>: Clone);
}

#[test]
fn a_response_body_has_the_inner_body_auto_traits() {
    assert_impl_all!(ResponseBody<Full<Bytes>>: Send, Sync, Unpin, Default);
    assert_impl_all!(ResponseBody<NotSync>: Send);
    assert_not_impl_any!(ResponseBody<NotSync>: Sync);
    assert_not_impl_any!(ResponseBody<NotSend>: Send);
    assert_not_impl_any!(ResponseBody<PhantomPinned>: Unpin);
}

/// A service with this future type and another field.
struct With<F, T>(std::marker::PhantomData<F>, T);

impl<F, T: Clone> Clone for With<F, T> {
    fn clone(&self) -> Self {
        Self(std::marker::PhantomData, self.1.clone())
    }
}

impl<B, F, T> Service<Request<B>> for With<F, T>
where
    F: Future<Output = Result<Response<()>, ()>>,
{
    type Response = Response<()>;
    type Error = ();
    type Future = F;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> F {
        unreachable!("only type-checked, never called")
    }
}

type Output = Result<Response<()>, ()>;
type LocalFuture = Pin<Box<dyn Future<Output = Output>>>;

#[test]
fn the_future_is_send_when_its_parts_are() {
    type Sent = JwtAuthFuture<With<Ready<Output>, u8>, String>;
    assert_impl_all!(Sent: Send, Unpin);
    // Not `Send` if the inner future, the inner service or the request body is not.
    type LocalInner = JwtAuthFuture<With<LocalFuture, u8>, String>;
    assert_not_impl_any!(LocalInner: Send);
    type LocalService = JwtAuthFuture<With<Ready<Output>, NotSend>, String>;
    assert_not_impl_any!(LocalService: Send);
    type LocalBody = JwtAuthFuture<With<Ready<Output>, u8>, NotSend>;
    assert_not_impl_any!(LocalBody: Send);
    // Bodies and services need not be `Sync`.
    type Unshared = JwtAuthFuture<With<Pending<Output>, NotSync>, NotSync>;
    assert_impl_all!(Unshared: Send);
}

#[test]
fn a_service_that_is_not_send_can_be_wrapped() {
    type Local = JwtAuth<With<LocalFuture, NotSend>, Claims>;
    type Future = JwtAuthFuture<With<LocalFuture, NotSend>, NotSend>;
    assert_impl_all!(Local: Service<Request<NotSend>, Future = Future>);
}

#[test]
fn the_six_extension_traits_are_object_safe() {
    assert_obj_safe!(Clock, KeySource, Revocation, TokenSource, Confirm, Respond);
    assert_impl_all!(dyn Clock: Send, Sync, std::fmt::Debug);
    assert_impl_all!(dyn KeySource: Send, Sync, std::fmt::Debug);
    assert_impl_all!(dyn Revocation: Send, Sync, std::fmt::Debug);
    assert_impl_all!(dyn TokenSource: Send, Sync, std::fmt::Debug);
    assert_impl_all!(dyn Confirm: Send, Sync, std::fmt::Debug);
    assert_impl_all!(dyn Respond: Send, Sync);
}
