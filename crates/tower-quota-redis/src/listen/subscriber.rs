use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{Msg, PushInfo, PushKind, aio::MultiplexedConnection};
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tower_quota::shared::Heard;
use tower_redis_connection::{RedisServer, RedisServerError, RetryPause, within};

use crate::{listen::Listeners, message};

/// How often the server is asked whether it is still there: nothing may be published for long.
const ASKED: Duration = Duration::from_secs(5);

/// How long it may take to answer.
const LATE: Duration = Duration::from_secs(2);

/// Subscribes for the listeners, by a task that runs while there are any.
#[derive(Default)]
pub(crate) struct Subscriber {
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Subscriber {
    /// Begins, if there are listeners and it does not run: its runtime may have ended. Outside of a runtime it waits
    /// until it is asked inside of one.
    pub(crate) fn ensure(this: &Arc<Self>, server: &Arc<RedisServer>, listeners: &Arc<Listeners>) {
        let mut task = this.task();
        if task.as_ref().is_some_and(|task| !task.is_finished()) || listeners.is_empty() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (this, server, listeners) =
            (Arc::clone(this), Arc::clone(server), Arc::clone(listeners));
        *task = Some(runtime.spawn(async move { this.run(&server, &listeners).await }));
    }

    async fn run(&self, server: &RedisServer, listeners: &Listeners) {
        let mut pause = RetryPause::default();
        while !self.has_ended(listeners) {
            listeners.deaf();
            let began = Instant::now();
            // What fails here fails for appends, too, which say so.
            let _ = follow(server, listeners).await;
            if began.elapsed() > ASKED {
                pause = RetryPause::default();
            }
            if !listeners.is_empty() {
                sleep(pause.next_pause()).await;
            }
        }
    }

    /// Whether nobody listens any more. Then the next one to listen begins anew.
    fn has_ended(&self, listeners: &Listeners) -> bool {
        let mut task = self.task();
        let has_ended = listeners.is_empty();
        if has_ended {
            *task = None;
        }
        has_ended
    }

    fn task(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes on what is published, until the connection is lost or nobody listens.
async fn follow(server: &RedisServer, listeners: &Listeners) -> Result<(), RedisServerError> {
    let (mut connection, mut pushed) = within(LATE, server.connect_to_subscribe()).await?;
    let mut subscribed = HashSet::new();
    let mut asked = interval(ASKED);
    asked.set_missed_tick_behavior(MissedTickBehavior::Delay);
    subscribe(&mut connection, listeners, &mut subscribed).await?;
    while !subscribed.is_empty() {
        tokio::select! {
            () = listeners.changed() => {
                subscribe(&mut connection, listeners, &mut subscribed).await?;
            }
            info = pushed.recv() => match info {
                Some(info) if info.kind != PushKind::Disconnection => pass_on(info, listeners),
                _ => return Ok(()),
            },
            _ = asked.tick() => {
                let ping = redis::cmd("PING");
                within(LATE, ping.query_async::<()>(&mut connection)).await?;
            }
        }
    }
    Ok(())
}

/// Subscribes to what is listened to, and to nothing else.
async fn subscribe(
    connection: &mut MultiplexedConnection,
    listeners: &Listeners,
    subscribed: &mut HashSet<String>,
) -> Result<(), RedisServerError> {
    let channels = listeners.channels();
    for channel in &channels {
        if !subscribed.contains(channel) {
            within(LATE, connection.subscribe(channel)).await?;
            subscribed.insert(channel.clone());
        }
        listeners.subscribed(channel);
    }
    let left = subscribed.iter().filter(|name| !channels.contains(name));
    for channel in left.cloned().collect::<Vec<_>>() {
        within(LATE, connection.unsubscribe(&channel)).await?;
        subscribed.remove(&channel);
    }
    Ok(())
}

fn pass_on(info: PushInfo, listeners: &Listeners) {
    // The answers to what was asked are pushed, too.
    let Some(message) = Msg::from_push_info(info) else {
        return;
    };
    // Whatever it was.
    let heard = message::heard(message.get_payload_bytes()).unwrap_or(Heard::Missed);
    listeners.heard(message.get_channel_name(), &heard);
}
