//! Two texts, line by line: what is gone and what is new.

/// One line of both texts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// In both.
    Same(String),
    /// In the first alone.
    Gone(String),
    /// In the second alone.
    New(String),
}

/// Lines that are compared; what lies beyond is taken as replaced, so that no text makes this slow.
const MOST: usize = 500;

/// The lines of both texts in order, by their longest common subsequence.
#[must_use]
pub fn lines(before: &str, after: &str) -> Vec<Line> {
    let (old, old_rest) = split(before);
    let (new, new_rest) = split(after);
    let width = new.len() + 1;
    // `common[i * width + j]`: the longest common subsequence of `old[i..]` and `new[j..]`.
    let mut common = vec![0_usize; (old.len() + 1) * width];
    let at = |table: &[usize], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            let longest = if left == right {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::with_capacity(old.len().max(new.len()));
    loop {
        match (old.get(i), new.get(j)) {
            (Some(left), Some(right)) if left == right => {
                out.push(Line::Same((*left).to_owned()));
                i += 1;
                j += 1;
            }
            (Some(left), right)
                if right.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) =>
            {
                out.push(Line::Gone((*left).to_owned()));
                i += 1;
            }
            (_, Some(right)) => {
                out.push(Line::New((*right).to_owned()));
                j += 1;
            }
            _ => break,
        }
    }
    out.extend(old_rest.into_iter().map(|line| Line::Gone(line.to_owned())));
    out.extend(new_rest.into_iter().map(|line| Line::New(line.to_owned())));
    out
}

fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    let mut lines: Vec<&str> = text.lines().collect();
    let rest = lines.split_off(lines.len().min(MOST));
    (lines, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        lines(before, after)
            .iter()
            .map(|line| match line {
                Line::Same(text) => format!(" {text}"),
                Line::Gone(text) => format!("-{text}"),
                Line::New(text) => format!("+{text}"),
            })
            .collect::<Vec<_>>()
            .join("|")
    }

    #[test]
    fn what_changed_stands_between_what_did_not() {
        assert_eq!(told("a\nb\nc\n", "a\nx\nc\nd\n"), " a|-b|+x| c|+d");
        assert_eq!(told("", "a"), "+a");
        assert_eq!(told("a", ""), "-a");
        assert_eq!(told("a\nb", "a\nb"), " a| b");
    }

    #[test]
    fn both_texts_can_be_read_back() {
        let (before, after) = ("1\n2\n3\n4\n5", "2\n3\nx\n5\n6");
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for line in lines(before, after) {
            match line {
                Line::Same(text) => {
                    old.push(text.clone());
                    new.push(text);
                }
                Line::Gone(text) => old.push(text),
                Line::New(text) => new.push(text),
            }
        }
        assert_eq!(old.join("\n"), before);
        assert_eq!(new.join("\n"), after);
    }

    #[test]
    fn long_texts_are_told_whole() {
        let long = "x\n".repeat(1200);
        assert_eq!(lines(&long, "").len(), 1200);
    }
}
