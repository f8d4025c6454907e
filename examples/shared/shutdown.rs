//! Graceful shutdown at Ctrl-C.

/// Completes at Ctrl-C (SIGINT).
pub(crate) async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        // The handler could not be installed: SIGINT then ends the process without a graceful shutdown.
        std::future::pending::<()>().await;
    }
}
