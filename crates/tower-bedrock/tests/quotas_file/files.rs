//! Files that are no such file.

use super::*;

#[test]
fn what_is_not_toml_is_refused_at_its_place() {
    for (text, message) in [
        (
            "[models",
            "line 1, column 8: not TOML: unclosed table, expected `]`",
        ),
        (
            "\n\nx",
            "line 3, column 2: not TOML: key with no value, expected `=`",
        ),
        (
            "[models.m]\ntokens_per_day = 1,000",
            "line 2, column 19: not TOML: unexpected key or value, expected newline, `#`",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
}

#[test]
fn columns_count_characters_and_the_first_mistake_is_told() {
    assert_eq!(
        refused("\u{feff}# ü\n'öé' = 1"),
        "line 2, column 1: unknown member `öé`; expected `models`, \
         `profiles`, `regions` or `tokens_per_day`"
    );
    assert_eq!(
        refused("\u{feff}x = 1"),
        "line 1, column 1: unknown member `x`; expected `models`, \
         `profiles`, `regions` or `tokens_per_day`"
    );
    assert_eq!(
        refused("[models.'ö']\ntokens_per_minute = 1\n[models.a]\nz = 1\na = 1\n[regions]\nx = 1"),
        "line 4, column 1: unknown member `z`; expected `tokens_per_minute`, \
         `requests_per_minute`, `tokens_per_day` or `tokens_burst`"
    );
    assert!(refused("models.'ö' = { x = 1 }").starts_with("line 1, column 16: "));
}

#[test]
fn a_wrong_file_is_named() {
    let file = File::of("wrong.toml", b"[models.m]\ntokens_per_minute = -1\n");
    let error = file.refused();
    let expected = format!(
        "{}:2:21: `models.m.tokens_per_minute` is negative; write a whole number, 0 or more",
        file.0.display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.path(), Some(&*file.0));
    assert_eq!((error.line(), error.column()), (Some(2), Some(21)));
    assert!(expected.ends_with(error.reason()));
    assert!(error.source().is_none());
}

#[test]
fn a_file_in_another_encoding_is_refused() {
    let file = File::of("latin1.toml", b"[models.m]\n# \xfcber\n");
    let expected = format!(
        "{}:2:3: not UTF-8; save the file in that encoding",
        file.0.display()
    );
    assert_eq!(file.refused().to_string(), expected);
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let error = Quotas::from_file("no/such/quotas.toml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "no/such/quotas.toml: cannot be read: No such file or directory (os error 2)"
    );
    assert_eq!((error.line(), error.column()), (None, None));
    assert!(error.source().unwrap().is::<std::io::Error>());
}
