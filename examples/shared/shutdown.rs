//! When to stop: at Ctrl-C, after the answers that are under way.

pub(crate) async fn interrupt() {
    if tokio::signal::ctrl_c().await.is_err() {
        // It will never be heard of here: whoever stops the server kills it.
        std::future::pending::<()>().await;
    }
}
