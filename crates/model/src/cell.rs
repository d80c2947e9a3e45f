//! Cells of tables that a spreadsheet opens: none of them is taken for a formula, and each comes back as it was.

/// What a spreadsheet takes for the start of a formula or drops
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
const STARTS: [char; 8] = ['=', '+', '-', '@', '\t', '\r', '\n', '|'];
const MARK: char = '\'';

/// A cell that is no formula: with a `'` before what would be one.
#[must_use]
pub fn neutral(cell: &str) -> String {
    if is_marked(cell) {
        format!("{MARK}{cell}")
    } else {
        cell.to_owned()
    }
}

/// The text of a cell that [`neutral`] made; any other text stays as it is.
#[must_use]
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(rest) if is_marked(rest) => rest,
        _ => cell,
    }
}

/// A text that starts a formula, behind any number of marks: so that a mark of the text itself is told apart.
fn is_marked(cell: &str) -> bool {
    cell.trim_start_matches(MARK).starts_with(STARTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_no_formula_and_comes_back() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("'=1+1", "''=1+1"),
            ("\tx", "'\tx"),
            ("deploy", "deploy"),
            ("'deploy'", "'deploy'"),
            ("", ""),
        ] {
            assert_eq!(neutral(text), cell);
            assert_eq!(restored(cell), text);
        }
        assert_eq!(restored("'tis"), "'tis", "what nobody marked stays");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "['=+@|\t\r\n a-]{0,6}\\PC{0,8}") {
            let cell = neutral(&text);
            prop_assert!(!cell.starts_with(STARTS));
            prop_assert_eq!(restored(&cell), text);
        }
    }
}
