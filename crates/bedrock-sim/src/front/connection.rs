use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs, lookup_host},
};

/// A listener whose connections can be reset by the call they carry.
pub(super) struct ResettableListener(TcpListener);

/// A TCP connection with a [`ResetSwitch`].
pub(super) struct Connection {
    stream: TcpStream,
    switch: ResetSwitch,
}

/// Makes its connection take no more bytes and go down with a TCP reset.
#[derive(Clone, Default)]
pub(super) struct ResetSwitch(Arc<AtomicBool>);

impl ResetSwitch {
    pub(super) fn pull(&self) {
        // A flag of its own with no data behind it: no ordering is needed.
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Bytes that a connection takes ahead of its reader. Little: a stream is made as it is read.
const SEND_BUFFER: u32 = 16 * 1024;
/// Connections that wait to be taken in.
const BACKLOG: u32 = 1024;

impl ResettableListener {
    pub(super) async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in lookup_host(address).await? {
            match listen(address) {
                Ok(listener) => return Ok(Self(listener)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // As tokio's own listener has it; on Windows it would mean something else.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Listener for ResettableListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Small frames must arrive when they are due; a failure only costs time.
        let _ = stream.set_nodelay(true);
        let switch = ResetSwitch::default();
        (Connection { stream, switch }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, ResettableListener>> for ResetSwitch {
    fn connect_info(stream: IncomingStream<'_, ResettableListener>) -> Self {
        stream.io().switch.clone()
    }
}

impl Connection {
    fn is_pulled(&self) -> bool {
        self.switch.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> io::Result<()> {
        if self.is_pulled() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_pulled() {
            // Without lingering the close sends a reset and no end of stream.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would send a clean end of stream ahead of the reset.
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
