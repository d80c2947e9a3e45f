//! Looks at a text, run by run and word by word, and tells all that may be a credential.

use super::{
    AROUND, Candidate, Context, Limits, Sink,
    find::{Find, Seen, What},
    scan_deep,
};
use crate::{
    binding::{self, Binding, Tie},
    decode::{self, Decoded},
    judge::{self, Dismissal},
    name::{self, Says},
    private_key,
    rule::Rules,
    run,
    watchlist::Search,
    web_token,
};
use std::ops::Range;
use zeroize::Zeroizing;

/// All that may be a credential in the windows of a text and around them.
pub(super) fn looks<'r>(
    rules: &'r Rules,
    text: &[u8],
    windows: &[Range<usize>],
    context: Context,
    limits: &mut Limits,
    sink: &mut dyn Sink,
) -> Seen<'r> {
    let mut look = Look {
        rules,
        text,
        context,
        limits,
        seen: Seen {
            finds: Vec::new(),
            inner: Vec::new(),
        },
        values: Vec::new(),
        read_to: 0,
        sink,
    };
    for part in parts(text, windows) {
        look.runs(part.clone());
        if rules.seeks_formats() {
            look.rare(part.clone());
            look.triggers(part.clone());
        }
        look.escapes(part);
    }
    look.seen
}

/// Windows with what is around them, those that touch as one.
fn parts(text: &[u8], windows: &[Range<usize>]) -> Vec<Range<usize>> {
    const LONGEST_RUN: usize = 8 << 10;
    let mut parts: Vec<Range<usize>> = Vec::with_capacity(windows.len());
    for window in windows {
        let start = window.start.min(text.len());
        let end = window.end.min(text.len());
        let before = text
            .get(start.saturating_sub(LONGEST_RUN)..start)
            .unwrap_or_default();
        let back = before
            .iter()
            .rev()
            .take_while(|byte| run::is_member(**byte))
            .count();
        let ahead = text.get(end..).unwrap_or_default();
        let on = ahead
            .iter()
            .take(LONGEST_RUN)
            .take_while(|byte| run::is_member(**byte))
            .count();
        let from = start.saturating_sub(back).min(start.saturating_sub(AROUND));
        let to = end
            .saturating_add(on)
            .max(end.saturating_add(run::LEAST))
            .min(text.len());
        match parts.last_mut() {
            Some(last) if last.end >= from => last.end = last.end.max(to),
            _ if from < to => parts.push(from..to),
            _ => {}
        }
    }
    parts
}

struct Look<'r, 't, 's> {
    rules: &'r Rules,
    text: &'t [u8],
    context: Context,
    limits: &'s mut Limits,
    seen: Seen<'r>,
    /// Where the values start that were judged, in order for each part.
    values: Vec<usize>,
    /// Up to where the text was read in other forms.
    read_to: usize,
    sink: &'s mut dyn Sink,
}

impl<'r> Look<'r, '_, '_> {
    /// Every run of token bytes: formats at the starts of its words, and the value that it is of.
    fn runs(&mut self, part: Range<usize>) {
        let from = part.start;
        let text = self.text;
        let rules = self.rules;
        let mut searches: Vec<Search<'_, '_>> = rules
            .watches()
            .iter()
            .map(|watch| watch.search(text))
            .collect();
        for run in run::runs(text.get(part).unwrap_or_default()) {
            let run = from.saturating_add(run.start)..from.saturating_add(run.end);
            for search in &mut searches {
                search.run(run.clone(), &mut |span, known| {
                    let name = name_of(text, span.start);
                    self.seen.finds.push(Find::known(name, span, known));
                });
            }
            if self.rules.seeks_formats() {
                self.formats(run.clone());
                self.value_of_run(run.clone());
            }
            if self.limits.depth > 0
                && run.end > self.read_to
                && let Some(decoded) = decode::in_run(text, run, &mut self.limits.budget)
            {
                self.read_to = decoded.span.end;
                let name = name_of(text, decoded.span.start);
                self.inner(decoded, name);
            }
        }
        for search in searches {
            search.finish(&mut |span, known| {
                let name = name_of(text, span.start);
                self.seen.finds.push(Find::known(name, span, known));
            });
        }
        self.read_to = 0;
    }

    /// What stands inside another form. Its place is that of the form, or its own where that keeps the order.
    fn inner(&mut self, decoded: Decoded, name: Option<String>) {
        let mut context = self.context;
        context.code = false;
        // A name before it says what all of it is: in a Kubernetes secret, or a password for HTTP.
        let named = name
            .as_deref()
            .filter(|_| decoded.map.is_none())
            .filter(|name| {
                context.encoded
                    || matches!(
                        name.to_ascii_lowercase().as_str(),
                        "authorization" | "auth" | "_auth"
                    )
            });
        let mut text = Zeroizing::new(Vec::new());
        if let Some(name) = named {
            let user = decoded
                .bytes
                .iter()
                .position(|byte| *byte == b':')
                .filter(|colon| !context.encoded && *colon < 64);
            text.extend_from_slice(name.as_bytes());
            text.push(b'=');
            if user.is_some() {
                text.clear();
                text.extend_from_slice(b"http://");
            }
            text.extend_from_slice(&decoded.bytes);
            if user.is_some() {
                text.push(b'@');
            }
            context.encoded = false;
        } else {
            text.extend_from_slice(&decoded.bytes);
        }
        let mut caught = Caught::default();
        let mut limits = Limits {
            depth: self.limits.depth.saturating_sub(1),
            budget: self.limits.budget,
        };
        let whole = 0..text.len();
        scan_deep(
            self.rules,
            &text,
            std::slice::from_ref(&whole),
            context,
            &mut limits,
            &mut caught,
        );
        self.limits.budget = limits.budget;
        for why in caught.dismissed {
            self.sink.dismissed(why);
        }
        for mut candidate in caught.candidates {
            let place = |map: &Vec<usize>| {
                let end = candidate.offset.checked_add(candidate.length)?;
                Some(*map.get(candidate.offset)?..*map.get(end)?)
            };
            let span = decoded
                .map
                .as_ref()
                .and_then(place)
                .unwrap_or_else(|| decoded.span.clone());
            candidate.offset = span.start;
            candidate.length = span.len();
            candidate
                .decoded
                .splice(0..0, decoded.chain.iter().copied());
            candidate.variable = candidate.variable.or_else(|| name.clone());
            let known = candidate.known.clone();
            self.seen.finds.push(Find {
                span,
                what: What::Inner(self.seen.inner.len()),
                name: None,
                known,
            });
            self.seen.inner.push(Some(candidate));
        }
    }

    fn formats(&mut self, run: Range<usize>) {
        let text = self.text;
        let Some(bytes) = text.get(run.clone()) else {
            return;
        };
        // An escape (`\n`, `%3D`) ends inside the run, and what follows it is a start, too.
        let escape = match run.start.checked_sub(1).and_then(|at| text.get(at)) {
            Some(b'\\') => 1,
            Some(b'%') => 2,
            _ => 0,
        };
        let last = bytes.len().saturating_sub(run::LEAST);
        let mut before = b' ';
        for (at, byte) in bytes.iter().enumerate().take(last.saturating_add(1)) {
            if !before.is_ascii_alphanumeric() || (at == escape && at > 0) {
                let start = run.start.saturating_add(at);
                for (rule, span) in self.rules.starting_at(text, start) {
                    self.seen.finds.push(Find {
                        name: name_of(text, start),
                        what: What::Format(rule),
                        span,
                        known: None,
                    });
                }
                if *byte == b'e'
                    && let Some(span) = web_token::at(text, start)
                {
                    self.web_token(span);
                }
            }
            before = *byte;
        }
    }

    fn web_token(&mut self, span: Range<usize>) {
        if self.context.test_material {
            self.sink.dismissed(Dismissal::TestMaterial);
        } else {
            self.seen.finds.push(Find {
                name: name_of(self.text, span.start),
                what: What::WebToken,
                span,
                known: None,
            });
        }
    }

    fn value_of_run(&mut self, run: Range<usize>) {
        let bytes = self.text.get(run.clone()).unwrap_or_default();
        // What stands in prose, in a path or in an expression is bound to nothing.
        let before = run.start.checked_sub(1).and_then(|at| self.text.get(at));
        let bound = before.is_some_and(|byte| {
            matches!(
                byte,
                b'"' | b'\''
                    | b'`'
                    | b'='
                    | b':'
                    | b' '
                    | b'\t'
                    | b'>'
                    | b'('
                    | b'\\'
                    | b'!'
                    | b'@'
                    | b'#'
                    | b'$'
                    | b'%'
                    | b'^'
                    | b'*'
                    | b'?'
                    | b'|'
            )
        });
        if !bound || (!bytes.iter().any(u8::is_ascii_digit) && !judge::may_be_letters(bytes)) {
            return;
        }
        let (value, quoted) = binding::extent(self.text, run.start);
        self.value(value, quoted);
    }

    fn rare(&mut self, part: Range<usize>) {
        let text = self.text;
        for (rule, span) in self.rules.rare_in(text, part) {
            self.seen.finds.push(Find {
                name: name_of(text, span.start),
                what: What::Format(rule),
                span,
                known: None,
            });
        }
    }

    /// Words that lead to short values, addresses and armour.
    fn triggers(&mut self, part: Range<usize>) {
        let text = self.text;
        let seen = std::mem::take(&mut self.values);
        for hit in self.rules.triggers(text, part) {
            match text.get(hit.clone()) {
                Some(b"://") => self.address(hit.end),
                Some(private_key::BEGIN) => self.armour(hit.start),
                Some(b" -u " | b"--user ") => self.user_and_password(hit.end),
                _ => {
                    if let Some(start) = binding::value_after(text, hit.end) {
                        let (value, quoted) = binding::extent(text, start);
                        if seen.binary_search(&value.start).is_ok()
                            || self.values.last() == Some(&value.start)
                        {
                            continue;
                        }
                        if self.may_be_short_secret(&value) {
                            self.value(value, quoted);
                        } else if self.rules.may_be_short_named(value.len()) {
                            self.formats_of(value.start);
                        }
                    }
                }
            }
        }
        self.values.clear();
    }

    /// Tokens with escapes in them, as they read.
    fn escapes(&mut self, part: Range<usize>) {
        if self.limits.depth == 0 {
            return;
        }
        let from = part.start;
        let text = self.text;
        for at in memchr::memchr2_iter(b'%', b'\\', text.get(part).unwrap_or_default()) {
            let at = from.saturating_add(at);
            let escape = match text.get(at..) {
                Some([b'%', high, low, ..]) => {
                    matches!(high, b'2'..=b'7') && low.is_ascii_hexdigit()
                }
                Some([b'\\', b'u', b'0', b'0', ..] | [b'\\', b'/' | b'x', ..]) => true,
                _ => false,
            };
            if escape
                && at >= self.read_to
                && let Some(decoded) = decode::escaped_at(text, at)
            {
                self.read_to = decoded.span.end;
                let name = name_of(text, decoded.span.start);
                self.inner(decoded, name);
            }
        }
        self.read_to = 0;
    }

    fn may_be_short_secret(&self, value: &Range<usize>) -> bool {
        let bytes = self.text.get(value.clone()).unwrap_or_default();
        bytes.len() >= 6
            && bytes.iter().any(|byte| {
                byte.is_ascii_digit()
                    || (byte.is_ascii_punctuation()
                        && !matches!(byte, b'_' | b'-' | b'.' | b'/' | b':'))
            })
    }

    /// A value: what it is bound to, which format it then has, and whether it is a secret by its name.
    fn value(&mut self, value: Range<usize>, quoted: bool) {
        self.values.push(value.start);
        let text = self.text;
        let Some(binding) = binding::before(text, value.start) else {
            return;
        };
        if !self.formats_behind(value.start, &binding) {
            self.named(value, quoted, binding);
        }
    }

    /// The formats of what starts at `start`, by the name before it.
    fn formats_of(&mut self, start: usize) {
        if let Some(binding) = binding::before(self.text, start) {
            self.formats_behind(start, &binding);
        }
    }

    fn formats_behind(&mut self, start: usize, binding: &Binding) -> bool {
        let mut any = false;
        for rule in self.rules.named(&binding.name) {
            if let Some(span) = rule.at(self.text, start) {
                any = true;
                self.seen.finds.push(Find {
                    span,
                    what: What::Format(rule),
                    name: Some(binding.name.clone()),
                    known: None,
                });
            }
        }
        any
    }

    fn named(&mut self, value: Range<usize>, quoted: bool, binding: Binding) {
        let Some(says) = says(&binding) else { return };
        let Some(Ok(readable)) = self.text.get(value.clone()).map(std::str::from_utf8) else {
            return;
        };
        if self.context.code && !quoted && !binding::within_string(self.text, value.start) {
            return;
        }
        if self.context.test_material {
            self.sink.dismissed(Dismissal::TestMaterial);
            return;
        }
        match judge::generic(readable, says) {
            Err(why) => self.sink.dismissed(why),
            Ok(()) => self.seen.finds.push(Find {
                span: value,
                what: What::Named,
                name: Some(binding.name),
                known: None,
            }),
        }
    }

    /// `user:password@host` behind `://`.
    fn address(&mut self, from: usize) {
        const LONGEST: usize = 256;
        let ahead = self.text.get(from..).unwrap_or_default();
        let ahead = ahead.get(..LONGEST.min(ahead.len())).unwrap_or_default();
        let ends = |byte: u8| {
            byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\')
        };
        let length = ahead.iter().take_while(|byte| !ends(**byte)).count();
        let authority = ahead.get(..length).unwrap_or_default();
        let Some(colon) = authority
            .iter()
            .position(|byte| matches!(byte, b':' | b'/' | b'@' | b'?'))
        else {
            return;
        };
        if authority.get(colon) != Some(&b':') {
            return;
        }
        let rest = authority.get(colon.saturating_add(1)..).unwrap_or_default();
        // The last `@` before the path ends the password.
        let host = rest
            .iter()
            .position(|byte| matches!(byte, b'/' | b'?'))
            .unwrap_or(rest.len());
        let Some(at) = rest
            .get(..host)
            .and_then(|rest| rest.iter().rposition(|byte| *byte == b'@'))
            .or_else(|| rest.iter().position(|byte| *byte == b'@'))
        else {
            return;
        };
        let start = from.saturating_add(colon).saturating_add(1);
        let user = authority.get(..colon).unwrap_or_default();
        // No user has braces; what has is the template of an address.
        if user.iter().any(|byte| matches!(byte, b'{' | b'}')) {
            return;
        }
        let password = rest.get(..at).unwrap_or_default();
        let mut meant = Zeroizing::new(Vec::from_iter(percent_encoding::percent_decode(password)));
        meant.make_ascii_lowercase();
        if std::str::from_utf8(&meant).is_ok_and(judge::calls_itself_a_password) {
            self.sink.dismissed(Dismissal::Placeholder);
            return;
        }
        self.password(start..start.saturating_add(at), user, What::UrlPassword);
    }

    /// `-u user:password`, as HTTP clients take it.
    fn user_and_password(&mut self, from: usize) {
        let (value, _) = binding::extent(self.text, from.saturating_add(1));
        let Some(bytes) = self.text.get(value.clone()) else {
            return;
        };
        let ahead = self.text.get(from..).unwrap_or_default();
        let quoted = usize::from(matches!(ahead.first(), Some(b'"' | b'\'')));
        let begins = from.saturating_add(quoted);
        let user = bytes.iter().position(|byte| *byte == b':');
        if let Some(colon) = user
            && value.start == begins
        {
            let start = value.start.saturating_add(colon).saturating_add(1);
            let user = bytes.get(..colon).unwrap_or_default();
            self.password(start..value.end, user, What::Named);
        }
    }

    fn password(&mut self, span: Range<usize>, user: &[u8], what: What<'static>) {
        let Some(Ok(password)) = self.text.get(span.clone()).map(std::str::from_utf8) else {
            return;
        };
        if password.is_empty()
            || password.starts_with(['$', '{', '<', '%'])
            || password.as_bytes() == user
        {
            return;
        }
        if self.context.test_material {
            self.sink.dismissed(Dismissal::TestMaterial);
            return;
        }
        match judge::generic(password, Says::Password) {
            Err(why) => self.sink.dismissed(why),
            Ok(()) => self.seen.finds.push(Find {
                name: name_of(self.text, span.start),
                span,
                what,
                known: None,
            }),
        }
    }

    fn armour(&mut self, start: usize) {
        self.formats_of(start);
        let Some(span) = private_key::at(self.text, start) else {
            return;
        };
        let bytes = self.text.get(span.clone()).unwrap_or_default();
        let lower = bytes.to_ascii_lowercase();
        let stands_in = memchr::memmem::find(&lower, b"example").is_some()
            || memchr::memmem::find(&lower, b"...").is_some();
        if self.context.test_material {
            self.sink.dismissed(Dismissal::TestMaterial);
        } else if stands_in || judge::entropy(bytes) < 4.0 {
            self.sink.dismissed(Dismissal::Placeholder);
        } else {
            self.seen.finds.push(Find {
                name: name_of(self.text, start),
                what: What::PrivateKey,
                span,
                known: None,
            });
        }
    }
}

/// Keeps what it is handed.
#[derive(Default)]
struct Caught {
    candidates: Vec<Candidate>,
    dismissed: Vec<Dismissal>,
}

impl Sink for Caught {
    fn candidate(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
    }

    fn dismissed(&mut self, why: Dismissal) {
        self.dismissed.push(why);
    }
}

/// What a binding says: by its name, and where that says nothing by the word before it.
fn says(binding: &Binding) -> Option<Says> {
    let by_name = name::says(&binding.name);
    let says = if by_name.is_none_or(|says| says == Says::Perhaps) && binding.tie != Tie::Argument {
        by_name.max(name::says(&binding.phrase).filter(|_| name::says(&binding.name).is_some()))
    } else {
        by_name
    }?;
    // A call takes all kinds of things: only what is surely a secret counts.
    (binding.tie != Tie::Argument || says != Says::Perhaps).then_some(says)
}

fn name_of(text: &[u8], start: usize) -> Option<String> {
    binding::before(text, start)
        .filter(|binding| binding.tie != Tie::Argument)
        .map(|binding| binding.name)
}
