use std::{sync::OnceLock, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
    io::tcp::TcpSettings,
};

use crate::error::RedisStoreError;

/// How long a new connection may take.
const CONNECT: Duration = Duration::from_secs(1);

/// After so long without a sign of the other side a connection is closed, which the next command makes anew.
const UNANSWERED: Duration = Duration::from_secs(5);

/// The server, and the connection for questions that are answered at once.
pub(crate) struct Server {
    client: Client,
    manager: OnceLock<ConnectionManager>,
}

impl Server {
    pub(crate) fn new(url: &str) -> Result<Self, RedisStoreError> {
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

    /// The connection that all questions share.
    pub(crate) fn shared(&self) -> Result<ConnectionManager, RedisStoreError> {
        if let Some(manager) = self.manager.get() {
            return Ok(manager.clone());
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(RedisStoreError::without_runtime());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            // The cache sets the limit of each question.
            .set_response_timeout(None)
            // Each question tries once: a cache has better things to do than to wait for its store.
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.manager.get_or_init(|| manager).clone())
    }

    /// A connection of one's own, for questions that block it.
    pub(crate) async fn connect(&self) -> Result<MultiplexedConnection, RedisStoreError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None);
        let client = &self.client;
        Ok(client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
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
