//! A connection that fails when the other side takes nothing for too long.
//!
//! Without it, closing a connection to a peer that does not read would wait for the system, which waits for ever while the peer's
//! system is there.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures::{AsyncRead, AsyncWrite, FutureExt};
use tokio::time::{Sleep, sleep};

pub(super) struct Hasty<C> {
    inner: C,
    stall: Duration,
    /// Runs while there is something to write that the other side does not take.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<C: Unpin> Hasty<C> {
    /// Fails writing when nothing is taken for `stall`.
    pub(super) fn new(inner: C, stall: Duration) -> Self {
        Self { inner, stall, waiting: None }
    }

    fn timed<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut C>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let written = write(Pin::new(&mut self.inner), context);
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let stall = self.stall;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(stall)));
        waiting.poll_unpin(context).map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing")))
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Hasty<C> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(context, bytes)
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Hasty<C> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.timed(context, |inner, context| inner.poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.timed(context, |inner, context| inner.poll_flush(context))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.timed(context, |inner, context| inner.poll_close(context))
    }
}

#[cfg(test)]
mod tests {
    use futures::AsyncWriteExt;

    use super::*;

    /// Takes a byte whenever it may.
    struct Full(bool);

    impl AsyncWrite for Full {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            if std::mem::take(&mut self.0) { Poll::Ready(Ok(1)) } else { Poll::Pending }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn whoever_takes_nothing_is_given_up() {
        let mut connection = Hasty::new(Full(true), Duration::from_millis(20));
        assert_eq!(connection.write(&[1, 2]).await.expect("a byte is taken"), 1);
        let error = connection.write(&[2]).await.expect_err("nothing is taken");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(connection.close().await.is_err(), "nor does closing wait for ever");
    }
}
