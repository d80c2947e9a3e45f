//! How much a text reads like words: from how often letters follow each other in names and English prose.

/// For each letter, how much likelier each letter is behind it than by chance: `a` is 2^-6, each step a
/// factor of the square root of two, `m` is even. Counted over the names and prose of public Python packages
/// (Django, SymPy, Ansible) on 2026-11-26.
const PAIRS: [&[u8; 26]; 26] = [
    b"emnmcglamaiqnpalaporliggjd",
    b"pikkqeeeombrgfpeamohpdabja",
    b"pbkfqcapmamngcrfamjqmaaaha",
    b"ohemsffergdjihpgaknfoedjja",
    b"mgnpkljchaanlqgljqpodjinia",
    b"qbgennearaalecrceohlpaaala",
    b"nbgfsejnpaallommaonhoabafa",
    b"redcsaaapacfifreajhojbdaja",
    b"llommmlaabfnmrpkclooalajai",
    b"pfifsedeldidgeqheeqgpchefg",
    b"nhghsghfqcdkhmlgcjoinemdhb",
    b"pfflrjgeqacodbohafonnhgana",
    b"qncfsbcaoacinepqaamenaeaha",
    b"obnopkpemdgifjnfacqrlkaahb",
    b"hjlnhgjbjfinoslmaqmnnklfda",
    b"pbelqdejlacqecqnaqlomcbana",
    b"jdfkhgcdeccmcgdffniesddccc",
    b"pejksglcpaiilmpgamnolieala",
    b"lalfrghmpaiihgnngiorobicla",
    b"paifrhcpraaifenjaonlmahhmb",
    b"lmliofkamaapopgoappqdaaeaa",
    b"rbhesdebqaagldlfadhccfaaba",
    b"qbegpcbqraghcmpcannebaobaa",
    b"peqgoibeqabejdgrdgfrccamjb",
    b"kjkflgidnackqmnranqpgfidfg",
    b"qhgfshfhodfhikpgdfhfjddgmk",
];

/// The mean over all neighbouring letters, in bits above chance: about 1.3 for words, -1.5 for chance; case
/// counts for nothing. `None` where no two letters stand together.
#[must_use]
pub fn wordiness(text: &[u8]) -> Option<f64> {
    let mut sum = 0i32;
    let mut pairs = 0i32;
    for pair in text.windows(2) {
        let [a, b] = pair else { continue };
        if !a.is_ascii_alphabetic() || !b.is_ascii_alphabetic() {
            continue;
        }
        let row = usize::from(a.to_ascii_lowercase().saturating_sub(b'a'));
        let column = usize::from(b.to_ascii_lowercase().saturating_sub(b'a'));
        if let Some(step) = PAIRS.get(row).and_then(|row| row.get(column)) {
            sum = sum.saturating_add(i32::from(*step) - i32::from(b'm'));
            pairs = pairs.saturating_add(1);
        }
    }
    (pairs > 0).then(|| f64::from(sum) / f64::from(pairs) / 2.0)
}

/// How many of a text's letters stand in something like words: pieces of three and more letters, cut where
/// camel case begins a new one.
#[must_use]
pub fn in_words(text: &[u8]) -> usize {
    let mut sum = 0usize;
    let mut from = 0usize;
    let mut piece = |range: std::ops::Range<usize>| {
        let Some(piece) = text.get(range) else { return };
        let least = match piece.len() {
            0..3 => return,
            3 => 1.0,
            4 => 0.6,
            _ => 0.1,
        };
        if wordiness(piece).is_some_and(|score| score > least) {
            sum = sum.saturating_add(piece.len());
        }
    };
    for (at, byte) in text.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| text.get(at));
        let camel = byte.is_ascii_uppercase() && before.is_some_and(u8::is_ascii_lowercase);
        if camel || !byte.is_ascii_alphabetic() {
            piece(from..at);
            from = if camel { at } else { at.saturating_add(1) };
        }
    }
    piece(from..text.len());
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_from_chance() {
        for text in [
            "environment",
            "getTokenFromFile",
            "authentication",
            "SECRET_KEY_BASE",
        ] {
            assert!(wordiness(text.as_bytes()).unwrap() > 0.3, "{text}");
        }
        for text in ["qzkvjxwpfhgtbn", "XkQzWvBjPfHgTn"] {
            assert!(wordiness(text.as_bytes()).unwrap() < -1.0, "{text}");
        }
        assert_eq!(wordiness(b"1234"), None);
        assert!(in_words(b"get_token_from_environment1") > 20);
        assert!(in_words(b"q8Zk2LmX7vTr4WnYb1CdP0") < 5);
    }

    #[test]
    fn most_of_what_chance_makes_is_no_word() {
        let mut random = tenure_model::catalog::template::numbers(5);
        for (template, most) in [("{base62:32}", 2), ("{lower:32}", 6), ("{[a-zA-Z]:32}", 6)] {
            let template = tenure_model::catalog::template::Template::parse(template).unwrap();
            let wordy = (0..200)
                .filter(|_| in_words(template.example(&mut random).as_bytes()) > 14)
                .count();
            assert!(wordy <= most, "{template}: {wordy}");
        }
    }
}
