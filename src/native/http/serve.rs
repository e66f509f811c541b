//! The listener: bounded connections, impatient with slow ones, and polite at the end.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};
use tower::ServiceExt;

use super::Server;

/// Bytes of a request's header.
const MAX_HEADER: usize = 32 << 10;
/// How often it is looked whether all requests are answered, at the end.
const GLANCE: Duration = Duration::from_millis(20);

impl Server {
    /// Serves until `shutdown`. Then new requests are refused, those under way are answered and streams end, for as long as the settings allow.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let (shared, mut connections) = (Arc::clone(&self.shared), JoinSet::new());
        let seats = Arc::new(Semaphore::new(shared.settings.connections));
        let (close, closing) = watch::channel(false);
        let counting = {
            let shared = Arc::clone(&shared);
            tokio::spawn(async move { shared.metrics.follow(shared.app.handle.events()).await })
        };
        let ending = async {
            shutdown.await;
            shared.stopping.send_replace(true);
            let deadline = Instant::now() + shared.settings.farewell;
            while shared.under_way.load(Ordering::Relaxed) > 0 && Instant::now() < deadline {
                sleep(GLANCE).await;
            }
            deadline
        };
        tokio::pin!(ending);
        let deadline = loop {
            tokio::select! {
                deadline = &mut ending => break deadline,
                (seat, stream, from) = accept(&listener, &seats) => {
                    let served = self.serve(stream, from, closing.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(seat);
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        };
        drop(listener);
        close.send_replace(true);
        let all = async { while connections.join_next().await.is_some() {} };
        // Whoever is slower than that is cut off with the set.
        let _ = timeout_at(deadline.max(Instant::now() + GLANCE), all).await;
        counting.abort();
    }

    /// One connection, to its end.
    fn serve(
        &self,
        stream: TcpStream,
        from: SocketAddr,
        mut closing: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (router, patience) = (self.router.clone(), self.shared.settings.patience);
        let answer = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            router.clone().oneshot(request)
        });
        async move {
            // Without it an answer of two packets may wait for an acknowledgement.
            let _ = stream.set_nodelay(true);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(patience)
                .max_buf_size(MAX_HEADER)
                .serve_connection(TokioIo::new(stream), answer)
                .with_upgrades();
            tokio::pin!(connection);
            tokio::select! {
                // What goes wrong here is the client's: it has gone, or what it sent is no HTTP.
                _ = &mut connection => {}
                _ = closing.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        }
    }
}

/// The next connection, once there is a seat for it; waits out what goes wrong, as when there are no more file descriptors.
async fn accept(listener: &TcpListener, seats: &Arc<Semaphore>) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let seat = Arc::clone(seats).acquire_owned().await.expect("nobody closes it");
    loop {
        match listener.accept().await {
            Ok((stream, from)) => return (seat, stream, from),
            Err(error) => {
                tracing::warn!(target: "http", "cannot take a connection: {error}");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
