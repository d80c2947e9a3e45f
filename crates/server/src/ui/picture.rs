//! Who holds a key, the key, what it opens: a drawing in three columns, and the same as a table.

use super::happened;
use tenure_app::report::text;
use tenure_model::{
    assessment::Key,
    horizon::label,
    key::Basis,
    place::{Audience, Purpose},
};

/// One box of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub label: String,
    /// More about it.
    pub detail: String,
    /// How sure that is: what nobody saw or said is drawn dashed.
    pub basis: Basis,
}

/// The three columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Who holds the key, and where.
    pub holds: Vec<Item>,
    /// The key's name.
    pub name: String,
    /// What is said of it in its box.
    pub lines: Vec<String>,
    /// What it opens.
    pub opens: Vec<Item>,
}

/// Boxes of one column; the rest is counted in the last one.
const MOST: usize = 6;

impl Picture {
    /// The picture of a judged key.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        let provider = match (&key.provider, &key.account) {
            (provider, Some(account)) => format!("{provider}, {account}"),
            (provider, None) => provider.clone(),
        };
        let kind = key.credential.clone().unwrap_or_else(|| "key".to_owned());
        let mut lines = vec![format!("{} of {provider}", kind.replace('_', " "))];
        lines.extend(key.key_id.iter().chain(&key.hint).take(1).cloned());
        lines.push(key.created_at.value.map_or_else(
            || "age unknown".to_owned(),
            |day| format!("issued {}", tenure_model::reason::short(day)),
        ));
        Self {
            holds: held(key),
            name: label(key),
            lines,
            opens: opens(key),
        }
    }

    /// The drawing for wide screens: three columns.
    #[must_use]
    pub fn wide(&self) -> String {
        const BOX: f64 = 288.0;
        let most = self.holds.len().max(self.opens.len()).max(1);
        let rows = f64::from(u32::try_from(most).unwrap_or(u32::MAX));
        let core = 44.0 + 17.0 * float(self.lines.len());
        let height = (rows * STEP).max(core) + 34.0;
        let middle = 30.0 + (height - 34.0) / 2.0;
        let mut body = String::new();
        for (x, title) in [
            (0.0, "Who holds it"),
            (336.0, "The key"),
            (672.0, "What it opens"),
        ] {
            body.push_str(&words(x, 14.0, 13.0, true, title));
        }
        let top = |n: usize| middle - float(n) * STEP / 2.0 + (STEP - HIGH) / 2.0;
        for (at, item) in self.holds.iter().enumerate() {
            let y = top(self.holds.len()) + float(at) * STEP;
            body.push_str(&boxed(0.0, y, BOX, item, 38));
            body.push_str(&arrow((BOX, y + HIGH / 2.0), (334.0, middle), item.basis));
        }
        for (at, item) in self.opens.iter().enumerate() {
            let y = top(self.opens.len()) + float(at) * STEP;
            body.push_str(&arrow((624.0, middle), (670.0, y + HIGH / 2.0), item.basis));
            body.push_str(&boxed(672.0, y, BOX, item, 38));
        }
        body.push_str(&self.core(336.0, middle - core / 2.0, BOX, core));
        wrap(960.0, height, &self.title(), &body)
    }

    /// The drawing for narrow screens: one below the other.
    #[must_use]
    pub fn narrow(&self) -> String {
        const BOX: f64 = 340.0;
        let core = 44.0 + 17.0 * float(self.lines.len());
        let mut body = words(0.0, 14.0, 13.0, true, "Who holds it");
        let mut y = 24.0;
        for item in &self.holds {
            body.push_str(&boxed(2.0, y, BOX, item, 46));
            y += STEP;
        }
        body.push_str(&arrow((172.0, y - 8.0), (172.0, y + 16.0), Basis::Observed));
        y += 20.0;
        body.push_str(&self.core(2.0, y, BOX, core));
        y += core;
        body.push_str(&arrow((172.0, y), (172.0, y + 22.0), Basis::Observed));
        y += 40.0;
        body.push_str(&words(0.0, y, 13.0, true, "What it opens"));
        y += 10.0;
        for item in &self.opens {
            body.push_str(&boxed(2.0, y, BOX, item, 46));
            y += STEP;
        }
        wrap(344.0, y, &self.title(), &body)
    }

    fn title(&self) -> String {
        let held: Vec<&str> = self.holds.iter().map(|item| item.label.as_str()).collect();
        let opens: Vec<&str> = self.opens.iter().map(|item| item.label.as_str()).collect();
        text::visible(&format!(
            "{} is held by {} and opens {}",
            self.name,
            held.join(", "),
            opens.join(", ")
        ))
    }

    fn core(&self, x: f64, y: f64, width: f64, height: f64) -> String {
        let mut out = format!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="5" fill="currentColor" fill-opacity=".08" stroke="currentColor" stroke-width="2"/>"#
        );
        out.push_str(&words(
            x + 12.0,
            y + 24.0,
            14.0,
            true,
            &text::brief(&self.name, 34),
        ));
        for (at, line) in self.lines.iter().enumerate() {
            let y = y + 43.0 + 17.0 * float(at);
            out.push_str(&words(x + 12.0, y, 12.0, false, &text::brief(line, 42)));
        }
        out
    }
}

const STEP: f64 = 54.0;
const HIGH: f64 = 44.0;

fn held(key: &Key) -> Vec<Item> {
    let mut items = Vec::new();
    items.push(match &key.owner.value {
        Some(owner) => Item {
            label: owner.clone(),
            detail: "answers for it".to_owned(),
            basis: key.owner.basis,
        },
        None => Item {
            label: "Nobody".to_owned(),
            detail: "answers for it".to_owned(),
            basis: Basis::Unknown,
        },
    });
    if let Some(system) = &key.system.value {
        items.push(Item {
            label: system.clone(),
            detail: "uses it".to_owned(),
            basis: key.system.basis,
        });
    }
    for runtime in &key.runtimes {
        items.push(Item {
            label: runtime.title().to_owned(),
            detail: "where a consumer runs".to_owned(),
            basis: Basis::Inferred,
        });
    }
    if let Some(note) = key
        .facts
        .get("held_by")
        .filter(|note| *note.value == "third_party")
    {
        items.push(Item {
            label: "A third party".to_owned(),
            detail: "keeps it for us".to_owned(),
            basis: note.basis,
        });
    }
    for sighting in &key.sightings {
        let line = sighting
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        items.push(Item {
            label: format!("{}{line}", sighting.path),
            detail: match sighting.audience {
                Audience::Unknown => "nobody knows who can read it".to_owned(),
                Audience::You => "read by one user of this machine".to_owned(),
                audience => format!("read by {audience}"),
            },
            basis: Basis::Observed,
        });
    }
    shortened(items)
}

fn opens(key: &Key) -> Vec<Item> {
    let mut items = Vec::new();
    let fact = |name: &str| key.facts.get(name);
    let account = match &key.account {
        Some(account) => format!("{}, {account}", key.provider),
        None => key.provider.clone(),
    };
    let privilege = fact("privilege");
    items.push(Item {
        label: account,
        detail: privilege.map_or_else(
            || "nobody knows what it may do".to_owned(),
            |note| format!("may do: {}", happened::value(&note.value)),
        ),
        basis: privilege.map_or(Basis::Unknown, |note| note.basis),
    });
    let told = [
        ("data", "Data"),
        ("privileged_path", "A path to"),
        ("customer_tenants", "Customers"),
        ("environments_shared", "Shared by environments"),
        ("spend", "Spend"),
    ];
    for (name, title) in told {
        if let Some(note) = fact(name) {
            items.push(Item {
                label: format!("{title}: {}", happened::value(&note.value)),
                detail: text::brief(&note.source, 44),
                basis: note.basis,
            });
        }
    }
    if key.purpose != Purpose::Unknown {
        items.push(Item {
            label: format!("For {}", key.purpose.word().replace('_', " ")),
            detail: "its purpose".to_owned(),
            basis: Basis::Inferred,
        });
    }
    shortened(items)
}

/// At most [`MOST`] boxes, of which the last counts what is left.
fn shortened(mut items: Vec<Item>) -> Vec<Item> {
    if items.len() > MOST {
        let left = items.len() - (MOST - 1);
        items.truncate(MOST - 1);
        items.push(Item {
            label: format!("and {} more", text::counted(left)),
            detail: "in the lists below".to_owned(),
            basis: Basis::Observed,
        });
    }
    items
}

fn sure(basis: Basis) -> &'static str {
    match basis {
        Basis::Observed | Basis::Declared => "",
        Basis::Inferred | Basis::Unknown | Basis::NotOffered => r#" stroke-dasharray="4 3""#,
    }
}

fn boxed(x: f64, y: f64, width: f64, item: &Item, longest: usize) -> String {
    let dashes = sure(item.basis);
    format!(
        r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{HIGH:.1}" rx="4" fill="none" stroke="currentColor" stroke-opacity=".55"{dashes}/>{}{}"#,
        words(
            x + 10.0,
            y + 18.0,
            13.0,
            false,
            &ending(&item.label, longest)
        ),
        words(
            x + 10.0,
            y + 35.0,
            11.5,
            false,
            &text::brief(&item.detail, longest + 4)
        ),
    )
}

/// A text with its end kept: what tells paths apart stands at their end.
fn ending(text: &str, longest: usize) -> String {
    let text = text::visible(text);
    let length = text.chars().count();
    if length <= longest {
        return text;
    }
    let end: String = text.chars().skip(length - longest + 1).collect();
    format!("…{end}")
}

fn words(x: f64, y: f64, size: f64, bold: bool, words: &str) -> String {
    let weight = if bold { r#" font-weight="650""# } else { "" };
    format!(
        r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}"{weight}>{}</text>"#,
        text::escaped(words)
    )
}

fn arrow(from: (f64, f64), to: (f64, f64), basis: Basis) -> String {
    let ((x1, y1), (x2, y2)) = (from, to);
    let down = (x2 - x1).abs() < 1.0;
    let head = if down {
        format!("M{:.1} {:.1}l4 -7h-8z", x2, y2)
    } else {
        format!("M{:.1} {:.1}l-7 -4v8z", x2, y2)
    };
    let end = if down { (x2, y2 - 6.0) } else { (x2 - 6.0, y2) };
    let bend = (x2 - x1) / 2.0;
    format!(
        r#"<path d="M{x1:.1} {y1:.1}C{:.1} {y1:.1} {:.1} {:.1} {:.1} {:.1}" fill="none" stroke="currentColor" stroke-opacity=".55" stroke-width="1.4"{}/><path d="{head}" fill="currentColor" fill-opacity=".7"/>"#,
        x1 + bend,
        x2 - bend,
        end.1,
        end.0,
        end.1,
        sure(basis),
    )
}

fn wrap(width: f64, height: f64, title: &str, body: &str) -> String {
    format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0}" width="{width}" height="{height:.0}" role="img" aria-label="{title}""#,
            r#" font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif" fill="currentColor">{body}</svg>"#
        ),
        width = width,
        height = height.ceil(),
        title = text::escaped(title),
        body = body,
    )
}

fn float(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_columns_end_in_a_count_and_paths_keep_their_end() {
        let item = Item {
            label: "x".to_owned(),
            detail: String::new(),
            basis: Basis::Observed,
        };
        let short = shortened(vec![item; 9]);
        assert_eq!(short.len(), MOST);
        assert_eq!(short[MOST - 1].label, "and 4 more");
        assert_eq!(ending("a/long/path/to/file.env", 10), "…/file.env");
    }
}
