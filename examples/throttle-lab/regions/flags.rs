use clap::{Args, ValueEnum};

use super::{part::Part, way::Way};

/// What else there is to say of several Regions.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --scenario regions")]
pub(crate) struct RegionFlags {
    /// Only these tables; the flag may be repeated.
    #[arg(long, value_enum, value_name = "NAME", value_delimiter = ',', num_args = 1..)]
    part: Vec<Part>,
    /// How many times the quota of the scenario each Region has, in the user's order, such as 1,10.
    #[arg(
        long = "regions",
        value_name = "N,N…",
        value_delimiter = ',',
        default_value = "1,1"
    )]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(super) shares: Vec<u64>,
    /// Tell the stacks nothing of the quotas.
    #[arg(long)]
    pub(super) untold: bool,
    /// Only these ways to use them; the flag may be repeated. Multiples are those of `large`.
    #[arg(long, value_enum, value_name = "NAME", value_delimiter = ',', num_args = 1..)]
    way: Vec<Way>,
}

impl RegionFlags {
    pub(super) fn parts(&self) -> Vec<Part> {
        all_or(&self.part)
    }

    pub(crate) fn ways(&self) -> Vec<Way> {
        all_or(&self.way)
    }
}

/// Each once, in the order of the flags; all if none is given.
fn all_or<T: ValueEnum + PartialEq>(given: &[T]) -> Vec<T> {
    let given = if given.is_empty() {
        T::value_variants()
    } else {
        given
    };
    let mut each: Vec<T> = Vec::new();
    for one in given {
        if !each.contains(one) {
            each.push(one.clone());
        }
    }
    each
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_is_all_and_what_is_comes_once() {
        assert_eq!(all_or::<Part>(&[]), Part::value_variants());
        let given = [Part::Chat, Part::Calm, Part::Chat];
        assert_eq!(all_or(&given), [Part::Chat, Part::Calm]);
    }
}
