//! What a [`ByKey`](super::ByKey) does where no closure says otherwise, and where one does.

use std::fmt;

/// Says which responses are kept.
pub trait KeepIf<Res>: Send + Sync + 'static {
    fn keeps(&self, res: &Res) -> bool;
}

/// Weighs responses.
pub trait Weigh<Res>: Send + Sync + 'static {
    fn weight(&self, res: &Res) -> u64;
}

/// Makes values of results, and results of values.
pub trait ShareErrors<Res, E>: Send + Sync + 'static {
    type Value: Clone + Send + Sync + 'static;

    fn response(&self, res: &Res) -> Self::Value;

    fn error(&self, err: &E) -> Option<Self::Value>;

    fn restore(&self, value: Self::Value) -> Result<Res, E>;
}

/// All responses are kept, each weighs 1, and no error is shared.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<Res> KeepIf<Res> for Plain {
    fn keeps(&self, _: &Res) -> bool {
        true
    }
}

impl<Res> Weigh<Res> for Plain {
    fn weight(&self, _: &Res) -> u64 {
        1
    }
}

impl<Res: Clone + Send + Sync + 'static, E> ShareErrors<Res, E> for Plain {
    type Value = Res;

    fn response(&self, res: &Res) -> Res {
        res.clone()
    }

    fn error(&self, _: &E) -> Option<Res> {
        None
    }

    fn restore(&self, value: Res) -> Result<Res, E> {
        Ok(value)
    }
}

/// What a closure says.
#[derive(Clone, Copy)]
pub struct By<C>(pub(super) C);

impl<C, Res> KeepIf<Res> for By<C>
where
    C: Fn(&Res) -> bool + Send + Sync + 'static,
{
    fn keeps(&self, res: &Res) -> bool {
        (self.0)(res)
    }
}

impl<C, Res> Weigh<Res> for By<C>
where
    C: Fn(&Res) -> u64 + Send + Sync + 'static,
{
    fn weight(&self, res: &Res) -> u64 {
        (self.0)(res)
    }
}

impl<C, Res, E> ShareErrors<Res, E> for By<C>
where
    C: Fn(&E) -> Option<E> + Send + Sync + 'static,
    Res: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    type Value = Result<Res, E>;

    fn response(&self, res: &Res) -> Self::Value {
        Ok(res.clone())
    }

    fn error(&self, err: &E) -> Option<Self::Value> {
        (self.0)(err).map(Err)
    }

    fn restore(&self, value: Self::Value) -> Self::Value {
        value
    }
}

impl<C> fmt::Debug for By<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("By")
    }
}
