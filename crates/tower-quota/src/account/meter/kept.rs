use super::WHOLE;
use super::sent::{Reason, Sent};

/// [`Sent`] as it is remembered of many calls: a key in use has hundreds of them.
///
/// What a proof rests on is rounded down, and what speaks for nothing else may be off by a part in
/// ten million. A window of more than 2³² counts as that.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Kept {
    /// In whole parts, of which a level at the whole rate has no other.
    least: u64,
    given: u64,
    /// How much more the deficit was: mostly nothing.
    more: f32,
    window: u32,
    certain: u32,
    reason: Reason,
}

impl Kept {
    pub(super) fn of(sent: &Sent) -> Self {
        let whole = u128::from(WHOLE);
        let least = u64::try_from(sent.least / whole).unwrap_or(u64::MAX);
        let more = sent.deficit.saturating_sub(sent.least).div_ceil(whole);
        Self {
            least,
            given: sent.given,
            more: u64::try_from(more).unwrap_or(u64::MAX) as f32,
            window: u32::try_from(sent.window).unwrap_or(u32::MAX),
            certain: u32::try_from(sent.certain).unwrap_or(u32::MAX),
            reason: sent.reason,
        }
    }

    pub(super) fn sent(&self) -> Sent {
        let whole = u128::from(WHOLE);
        let least = u128::from(self.least);
        Sent {
            deficit: (least + self.more as u128) * whole,
            least: least * whole,
            window: self.window.into(),
            certain: self.certain.into(),
            given: self.given,
            reason: self.reason,
        }
    }

    pub(super) fn is_sure(&self) -> bool {
        self.reason == Reason::Sure
    }

    /// Whether the call was sure to go, and no more lacked than `seen`.
    pub(super) fn is_sure_within(&self, seen: u128) -> bool {
        self.is_sure() && self.certain == 0 && u128::from(self.least) * u128::from(WHOLE) <= seen
    }
}
