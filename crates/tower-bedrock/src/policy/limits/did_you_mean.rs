/// The one of `names` that `wrong` is likely a misspelling of, if any.
pub(super) fn did_you_mean<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    // Something much longer is no misspelling, and its distance takes long to find.
    let longest = names.iter().map(|name| name.len()).max().unwrap_or(0);
    if wrong.len() > 2 * longest {
        return None;
    }
    let wrong: Vec<char> = wrong.to_lowercase().chars().collect();
    let with_distance = names.iter().map(|name| (distance(&wrong, name), *name));
    let (distance, name) = with_distance.min_by_key(|&(distance, _)| distance)?;
    (distance <= name.len() / 3).then_some(name)
}

/// How many letters to add, to take away or to change (Levenshtein).
fn distance(from: &[char], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=from.len()).collect();
    for (done, letter) in to.chars().enumerate() {
        let mut diagonal = done;
        row[0] = done + 1;
        for (n, other) in from.iter().enumerate() {
            let change = diagonal + usize::from(*other != letter);
            diagonal = row[n + 1];
            row[n + 1] = change.min(row[n] + 1).min(diagonal + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, distance};

    #[test]
    fn a_slip_of_the_pen_is_found_and_a_different_word_is_not() {
        let names = ["tokens_per_minute", "requests_per_minute", "tokens_per_day"];
        for (wrong, meant) in [
            ("tokens_per_minut", Some("tokens_per_minute")),
            ("tokens-per-day", Some("tokens_per_day")),
            ("Tokens_Per_Day", Some("tokens_per_day")),
            ("request_per_minute", Some("requests_per_minute")),
            ("burst", None),
            ("", None),
            (&"tokens_per_minute".repeat(3), None),
        ] {
            assert_eq!(did_you_mean(wrong, &names), meant, "{wrong}");
        }
        assert_eq!(did_you_mean("x", &[]), None);
    }

    #[test]
    fn the_distance_counts_letters() {
        let far = |from: &str, to| distance(&from.chars().collect::<Vec<_>>(), to);
        assert_eq!(far("kitten", "sitting"), 3);
        assert_eq!((far("", "abc"), far("abc", ""), far("ab", "ab")), (3, 3, 0));
    }
}
