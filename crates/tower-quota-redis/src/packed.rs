use tower_quota::shared::Totals;

/// Lua has no other numbers than floats: up to there they are exact.
pub(crate) const MOST: u64 = (1 << 53) - 1;

/// The numbers as the scripts unpack them. Those above [`MOST`] are about right.
pub(crate) fn pack<const N: usize>(numbers: [u64; N]) -> Vec<u8> {
    let bytes = numbers.map(|number| (number as f64).to_le_bytes());
    bytes.concat()
}

/// The first number that a script has packed, and what comes behind it; `None` if it is no number.
pub(crate) fn unpack(packed: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = packed.split_first_chunk()?;
    let number = f64::from_le_bytes(*number);
    let is_whole = (0.0..=MOST as f64).contains(&number) && number.fract() == 0.0;
    is_whole.then_some((number as u64, rest))
}

/// How far a log is: five numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) number: u64,
    pub(crate) at: u64,
    pub(crate) totals: Totals,
}

impl State {
    pub(crate) fn pack(self) -> Vec<u8> {
        let Totals {
            calls,
            tokens,
            stops,
        } = self.totals;
        pack([self.number, self.at, calls, tokens, stops])
    }

    /// What a script has packed, and what comes behind it; `None` if that is no state.
    pub(crate) fn unpack(packed: &[u8]) -> Option<(Self, &[u8])> {
        let (number, packed) = unpack(packed)?;
        let (at, packed) = unpack(packed)?;
        let (calls, packed) = unpack(packed)?;
        let (tokens, packed) = unpack(packed)?;
        let (stops, packed) = unpack(packed)?;
        let totals = Totals {
            calls,
            tokens,
            stops,
        };
        Some((Self { number, at, totals }, packed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn float_that_is_no_number_of_something_is_none() {
        for float in [0.5, -1.0, f64::NAN, f64::INFINITY, 9_007_199_254_740_992.0] {
            assert_eq!(unpack(&float.to_le_bytes()), None, "{float}");
        }
        assert_eq!(unpack(&[0; 7]), None);
        assert_eq!(unpack(&[0; 9]), Some((0, &[0][..])));
    }

    proptest! {
        #[test]
        fn state_comes_back_as_it_was(number in 0..=MOST, at in 0..=MOST, calls in 0..=MOST, stops in 0..=MOST) {
            let totals = Totals { calls, tokens: MOST - calls, stops };
            let state = State { number, at, totals };
            let mut packed = state.pack();
            packed.push(7);
            prop_assert_eq!(State::unpack(&packed), Some((state, &[7][..])));
        }
    }
}
