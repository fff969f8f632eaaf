use std::{fmt, sync::OnceLock, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, PushInfo,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
    io::tcp::TcpSettings,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::error::RedisServerError;

/// How long a new connection may take.
const CONNECT: Duration = Duration::from_secs(1);

/// After so long without a sign of the other side a connection is closed, which the next command makes anew.
const UNANSWERED: Duration = Duration::from_secs(5);

/// A server of Redis or Valkey, and the connection to it for questions that are answered at once.
///
/// It connects when it is first asked, within 1 second, and anew when the connection is lost. On Linux and Android
/// a connection whose other side says nothing for 5 seconds to what it was sent is taken for lost.
pub struct RedisServer {
    client: Client,
    manager: OnceLock<ConnectionManager>,
}

impl RedisServer {
    /// The server of `url`: `redis://user:password@host:port/database`, or `rediss://` for TLS, with the feature
    /// `tls`. It does not connect yet.
    ///
    /// # Errors
    ///
    /// If `url` is not such a URL.
    pub fn new(url: &str) -> Result<Self, RedisServerError> {
        let info = url.into_connection_info()?;
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            choose_cryptography();
        }
        let tcp = TcpSettings::default().set_nodelay(true);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let tcp = tcp.set_user_timeout(UNANSWERED);
        let client = Client::open(info.set_tcp_settings(tcp))?;
        Ok(Self {
            client,
            manager: OnceLock::new(),
        })
    }

    /// The connection that all questions share. Each tries once, and has no limit of time: whoever asks drops it.
    ///
    /// # Errors
    ///
    /// Outside of a tokio runtime.
    pub fn shared(&self) -> Result<ConnectionManager, RedisServerError> {
        if let Some(manager) = self.manager.get() {
            return Ok(manager.clone());
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(RedisServerError::without_runtime());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None)
            // Callers have better things to do than to wait for a server that is gone.
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.manager.get_or_init(|| manager).clone())
    }

    /// A connection of one's own, for questions that block it. It is not made anew.
    ///
    /// # Errors
    ///
    /// If there is none within 1 second.
    pub async fn connect(&self) -> Result<MultiplexedConnection, RedisServerError> {
        connect(&self.client, own_connection()).await
    }

    /// A connection of one's own by which to subscribe, and what the server sends there: messages of the channels,
    /// and last that the connection is lost. It is not made anew.
    ///
    /// It speaks RESP3: by RESP2 nothing but subscribing can be done meanwhile, and a refusal is not told from an
    /// answer.
    ///
    /// # Errors
    ///
    /// If there is none within 1 second.
    pub async fn connect_to_subscribe(
        &self,
    ) -> Result<(MultiplexedConnection, UnboundedReceiver<PushInfo>), RedisServerError> {
        let info = self.client.get_connection_info().clone();
        let settings = info.redis_settings().clone();
        let info = info.set_redis_settings(settings.set_protocol(ProtocolVersion::RESP3));
        let (sender, pushed) = unbounded_channel();
        let config = own_connection().set_push_sender(sender);
        let connection = connect(&Client::open(info)?, config).await?;
        Ok((connection, pushed))
    }
}

async fn connect(
    client: &Client,
    config: AsyncConnectionConfig,
) -> Result<MultiplexedConnection, RedisServerError> {
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    Ok(connecting.await?)
}

fn own_connection() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(None)
}

// The URL has a password.
impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisServer").finish_non_exhaustive()
    }
}

/// rustls asks the program which cryptography to use, unless it was built with one alone. A program that has
/// not said it gets that of the AWS SDK.
fn choose_cryptography() {
    #[cfg(feature = "tls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been first, which is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}
