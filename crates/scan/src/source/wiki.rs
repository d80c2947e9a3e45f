//! Documentation: spaces of Confluence as HTML and as XML, and exports of Notion, page by page.
//!
//! Confluence writes its database as objects with properties
//! (<https://www.xwiki.org/xwiki/bin/view/documentation/extensions/admin/confluence/xml-format/>, read 2026-11-26);
//! Notion names each page after its title and its id.

use super::{
    html,
    xml::{Piece, walk},
};
use std::collections::{BTreeMap, BTreeSet};
use tenure_model::{
    document::{Document, Origin, Place},
    place::{Audience, PlaceKind},
};
use zeroize::Zeroizing;

/// Whether a page of HTML is one of a Confluence export.
pub(super) fn is_confluence_page(head: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    has(b"breadcrumb-section") && has(b"main-content") || has(b"class=\"wiki-content")
}

/// Whether XML is the database of a Confluence space.
pub(super) fn is_confluence_xml(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"<hibernate-generic").is_some()
}

/// The title of a page of Notion, by its name: `Keys 0123456789abcdef0123456789abcdef.md`.
pub(super) fn notion_title(path: &str) -> Option<String> {
    const ID: usize = 32;
    let name = path.rsplit(['/', '!']).next()?;
    let (stem, extension) = name.rsplit_once('.')?;
    if !["md", "html", "csv"].contains(&extension.to_ascii_lowercase().as_str()) {
        return None;
    }
    let stem = stem.strip_suffix("_all").unwrap_or(stem);
    let (title, id) = stem.rsplit_once(' ')?;
    let is_id = id.len() == ID && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_id && !title.is_empty()).then(|| title.to_owned())
}

fn page(place: &Place, service: &'static str, title: String) -> Place {
    Place {
        origin: Origin::Page { service, title },
        kind: PlaceKind::Documentation,
        ..place.clone()
    }
}

/// A page of Notion: Markdown and tables as they are, HTML as text.
pub(super) fn notion(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let title = notion_title(&place.path)?;
    let bytes = if place.path.to_ascii_lowercase().ends_with(".html") {
        html::text(bytes)
    } else {
        Zeroizing::new(bytes.to_vec())
    };
    Some(vec![Document {
        place: page(place, "Notion", title),
        bytes,
    }])
}

/// A page of Confluence in HTML; its title stands after the name of its space.
pub(super) fn confluence_page(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let title = html::title(bytes)?;
    let title = match title.split_once(" : ") {
        Some((_, title)) => title.to_owned(),
        None => title,
    };
    let author = [&b"class='author'>"[..], b"class=\"author\">"]
        .into_iter()
        .find_map(|mark| html::between(bytes, mark, b"<"));
    Some(vec![Document {
        place: Place {
            author,
            ..page(place, "Confluence", title)
        },
        bytes: html::text(bytes),
    }])
}

/// An object of a Confluence database.
#[derive(Default)]
struct Entity {
    class: String,
    id: String,
    texts: BTreeMap<String, Zeroizing<String>>,
    /// Ids of other objects, by the name of the property.
    links: BTreeMap<String, String>,
}

impl Entity {
    fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", |text| text.trim())
    }

    fn link(&self, name: &str) -> Option<&str> {
        self.links.get(name).map(String::as_str)
    }
}

/// Gives each object of the database.
fn entities(bytes: &[u8], take: &mut dyn FnMut(Entity)) -> bool {
    let mut now: Option<Entity> = None;
    let mut property: Option<String> = None;
    // How deep in collections: what they hold stands for itself elsewhere.
    let mut deep = 0u32;
    let mut in_id = false;
    walk(bytes, &mut |piece| match piece {
        Piece::Open(element) => match element.name() {
            "object" => {
                now = Some(Entity {
                    class: element.value("class").unwrap_or_default(),
                    ..Entity::default()
                });
                property = None;
                deep = 0;
            }
            "collection" => deep = deep.saturating_add(1),
            "property" if deep == 0 => property = element.value("name"),
            "id" | "composite-id" => in_id = true,
            _ => {}
        },
        Piece::Text(text) if deep == 0 => {
            let Some(entity) = &mut now else { return };
            match (&property, in_id) {
                (Some(name), true) => entity
                    .links
                    .entry(name.clone())
                    .or_default()
                    .push_str(text.trim()),
                (None, true) => entity.id.push_str(text.trim()),
                (Some(name), false) => entity.texts.entry(name.clone()).or_default().push_str(text),
                (None, false) => {}
            }
        }
        Piece::Text(_) => {}
        Piece::Close(name) => match name {
            "object" => {
                if let Some(entity) = now.take() {
                    take(entity);
                }
            }
            "collection" => deep = deep.saturating_sub(1),
            "property" if deep == 0 => property = None,
            "id" | "composite-id" => in_id = false,
            _ => {}
        },
    })
}

/// What a first look at the database tells of pages.
#[derive(Default)]
struct Space {
    titles: BTreeMap<String, Told>,
    /// Content with a restriction on who may view it.
    restricted: BTreeSet<String>,
    /// Whom the space itself may be viewed by.
    anonymous: bool,
    groups: BTreeSet<String>,
}

struct Told {
    title: String,
    author: Option<String>,
    date: Option<tenure_model::day::Day>,
    parent: Option<String>,
    /// The page that a comment is about.
    about: Option<String>,
}

impl Space {
    fn learn(&mut self, entity: &Entity) {
        match entity.class.as_str() {
            "Page" | "BlogPost" | "Comment" | "SpaceDescription" | "CustomContentEntityObject" => {
                let author = ["lastModifierName", "creatorName"]
                    .into_iter()
                    .map(|name| entity.text(name))
                    .find(|text| !text.is_empty());
                let date = ["lastModificationDate", "creationDate"]
                    .into_iter()
                    .find_map(|name| entity.text(name).get(..10)?.parse().ok());
                self.titles.insert(
                    entity.id.clone(),
                    Told {
                        title: entity.text("title").to_owned(),
                        author: author.map(str::to_owned),
                        date,
                        parent: entity.link("parent").map(str::to_owned),
                        about: ["containerContent", "content", "owner"]
                            .into_iter()
                            .find_map(|name| entity.link(name))
                            .map(str::to_owned),
                    },
                );
            }
            "ContentPermissionSet" if entity.text("type").eq_ignore_ascii_case("view") => {
                self.restricted
                    .extend(entity.link("owningContent").map(str::to_owned));
            }
            "SpacePermission" if entity.text("type").eq_ignore_ascii_case("viewspace") => {
                let group = entity.text("group");
                let anyone = entity.text("allUsersSubject");
                if !group.is_empty() {
                    self.groups.insert(group.to_owned());
                } else if entity.link("userSubject").is_none()
                    && ["userSubject", "userName"]
                        .iter()
                        .all(|name| entity.text(name).is_empty())
                    && matches!(anyone, "" | "anonymous-users")
                {
                    self.anonymous = true;
                }
            }
            _ => {}
        }
    }

    /// Whether a page or one above it is restricted.
    fn is_restricted(&self, id: &str) -> bool {
        const DEEPEST: usize = 100;
        let mut at = Some(id);
        for _ in 0..DEEPEST {
            let Some(id) = at else { return false };
            if self.restricted.contains(id) {
                return true;
            }
            at = self
                .titles
                .get(id)
                .and_then(|told| told.parent.as_deref().or(told.about.as_deref()));
        }
        true
    }

    fn audience(&self, id: &str, place: Place) -> Place {
        // Groups that every user of a Confluence is in unless somebody changed that.
        const EVERYBODY: [&str; 2] = ["confluence-users", "all-users"];
        let (audience, why) = if self.is_restricted(id) {
            (
                Audience::Unknown,
                "the page is restricted to people or groups that the export names by id".to_owned(),
            )
        } else if self.anonymous {
            (
                Audience::Public,
                "the space may be viewed without logging in".to_owned(),
            )
        } else if let Some(group) = EVERYBODY
            .into_iter()
            .find(|group| self.groups.contains(*group))
        {
            (
                Audience::Organisation,
                format!("the space may be viewed by {group}"),
            )
        } else {
            return place;
        };
        Place {
            audience,
            audience_why: why,
            ..place
        }
    }

    fn page(&self, id: &str, place: &Place) -> Option<Place> {
        let told = self.titles.get(id)?;
        let of = told.about.as_deref().and_then(|page| self.titles.get(page));
        let title = match of {
            _ if !told.title.is_empty() => told.title.clone(),
            Some(page) => format!("{}, a comment", page.title),
            None => "without a title".to_owned(),
        };
        let place = Place {
            author: told.author.clone(),
            date: told.date,
            first_line: None,
            ..page(place, "Confluence", title)
        };
        Some(self.audience(id, place))
    }
}

/// The pages and comments of a Confluence space in XML, and everything else that its database says.
pub(super) fn confluence_xml(place: &Place, bytes: &[u8]) -> Option<Vec<Document>> {
    let mut space = Space::default();
    if !entities(bytes, &mut |entity| space.learn(&entity)) {
        return None;
    }
    let mut documents = Vec::new();
    let mut rest: BTreeMap<String, Zeroizing<String>> = BTreeMap::new();
    entities(bytes, &mut |entity| {
        let page = match entity.class.as_str() {
            "BodyContent" => entity.link("content").and_then(|id| space.page(id, place)),
            _ => None,
        };
        if let (Some(page), Some(body)) = (page, entity.texts.get("body")) {
            documents.push(Document {
                place: page,
                // A section of characters in another one ends with a space in between.
                bytes: html::text(body.replace("]] >", "]]>").as_bytes()),
            });
            return;
        }
        let said = rest.entry(entity.class.clone()).or_default();
        for (name, text) in &entity.texts {
            if !text.trim().is_empty() {
                said.push_str(name);
                said.push_str(": ");
                said.push_str(text);
                said.push('\n');
            }
        }
    });
    for (class, text) in rest {
        if text.is_empty() {
            continue;
        }
        let part = format!("every {class}");
        documents.push(Document {
            place: Place {
                origin: Origin::Part {
                    file: place.path.clone(),
                    part,
                },
                kind: PlaceKind::Documentation,
                first_line: None,
                ..place.clone()
            },
            bytes: Zeroizing::new(text.as_bytes().to_vec()),
        });
    }
    (!documents.is_empty()).then_some(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Place {
        Place::of_file(path, PlaceKind::Config)
    }

    #[test]
    fn pages_of_notion_are_known_by_their_names() {
        let id = "0123456789abcdef0123456789abcdef";
        let path = format!("e.zip!Export-Part-1.zip!Ops/API keys {id}.md");
        let found = notion(&file(&path), b"one\nK=1").unwrap();
        assert_eq!(
            found[0].place.sentence(Some(2)),
            "Notion page “API keys”, line 2"
        );
        let path = format!("Vendors {id}_all.csv");
        assert_eq!(notion_title(&path).as_deref(), Some("Vendors"));
        for other in [
            "Readme.md",
            "x 0123.md",
            &format!("{id}.md"),
            &format!("a {id}.png"),
        ] {
            assert_eq!(notion_title(other), None, "{other}");
        }
    }

    #[test]
    fn a_page_of_confluence_has_its_title_and_author() {
        let html = "<html><head><title>Operations : API keys</title></head><body>\n<ol id=\"breadcrumb-section\"></ol>\
                    Created by <span class='author'> Ann Lee</span>\n<div id=\"main-content\" class=\"wiki-content group\">\
                    <p>TOKEN=AB<strong>CD</strong>&amp;EF</p></div>";
        assert!(is_confluence_page(html.as_bytes()));
        let found =
            confluence_page(&file("s.zip!OPS/API-keys_98310.html"), html.as_bytes()).unwrap();
        assert_eq!(
            found[0].place.sentence(Some(3)),
            "Confluence page “API keys”, line 3, by Ann Lee"
        );
        let text = String::from_utf8_lossy(&found[0].bytes).into_owned();
        assert!(text.contains("TOKEN=ABCD&EF"), "{text}");
        assert!(!is_confluence_page(b"<html><title>x</title>"));
    }

    fn space(permissions: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><hibernate-generic datetime=\"2026-03-03 10:00:00\">
<object class=\"Page\" package=\"com.atlassian.confluence.pages\"><id name=\"id\">1</id><property name=\"title\"><![CDATA[Home]]></property>
<collection name=\"bodyContents\"><element class=\"BodyContent\"><id name=\"id\">11</id></element></collection></object>
<object class=\"Page\" package=\"x\"><id name=\"id\">2</id><property name=\"title\"><![CDATA[Keys]]></property>
<property name=\"lastModifierName\"><![CDATA[ann]]></property><property name=\"lastModificationDate\">2026-03-03 09:00:00.000</property>
<property name=\"parent\" class=\"Page\" package=\"x\"><id name=\"id\">1</id></property></object>
<object class=\"Comment\" package=\"x\"><id name=\"id\">3</id><property name=\"containerContent\" class=\"Page\"><id name=\"id\">2</id></property></object>
<object class=\"BodyContent\" package=\"x\"><id name=\"id\">12</id><property name=\"body\"><![CDATA[<p>K=AB<b>CD</b></p><ac:plain-text-body><![CDATA[a<b]] ></ac:plain-text-body>]]></property>
<property name=\"content\" class=\"Page\"><id name=\"id\">2</id></property></object>
<object class=\"BodyContent\" package=\"x\"><id name=\"id\">13</id><property name=\"body\"><![CDATA[said]]></property>
<property name=\"content\" class=\"Comment\"><id name=\"id\">3</id></property></object>
<object class=\"Label\" package=\"x\"><id name=\"id\">4</id><property name=\"name\"><![CDATA[token=zz]]></property></object>
{permissions}</hibernate-generic>"
        )
    }

    fn found(permissions: &str) -> Vec<(String, String, Audience)> {
        let xml = space(permissions);
        assert!(is_confluence_xml(xml.as_bytes()));
        confluence_xml(&file("s.zip!entities.xml"), xml.as_bytes())
            .unwrap()
            .into_iter()
            .map(|document| {
                let text = String::from_utf8_lossy(&document.bytes).trim().to_owned();
                (document.place.sentence(None), text, document.place.audience)
            })
            .collect()
    }

    #[test]
    fn a_space_in_xml_is_told_by_pages_comments_and_the_rest() {
        let all = found("");
        assert_eq!(all[0].0, "Confluence page “Keys”, by ann, 3 March 2026");
        assert!(
            all[0].1.contains("K=ABCD") && all[0].1.contains("a<b"),
            "{all:?}"
        );
        assert_eq!(all[0].2, Audience::Unknown);
        assert_eq!(all[1].0, "Confluence page “Keys, a comment”");
        assert!(
            all.iter().any(
                |(place, text, _)| place == "s.zip!entities.xml, every Label"
                    && text == "name: token=zz"
            ),
            "{all:?}"
        );
        assert!(confluence_xml(&file("e.xml"), b"<hibernate-generic><object>").is_none());
    }

    #[test]
    fn the_audience_is_that_of_the_space_unless_a_page_is_restricted() {
        let view = |who: &str| {
            format!(
                "<object class=\"SpacePermission\"><id name=\"id\">9</id><property name=\"type\"><![CDATA[VIEWSPACE]]></property>{who}</object>"
            )
        };
        let users = view("<property name=\"group\"><![CDATA[confluence-users]]></property>");
        let one = view(
            "<property name=\"userSubject\" class=\"ConfluenceUserImpl\"><id name=\"key\">8a</id></property>",
        );
        let anyone = view("");
        assert_eq!(found(&users)[0].2, Audience::Organisation);
        assert_eq!(found(&one)[0].2, Audience::Unknown);
        assert_eq!(found(&format!("{users}{anyone}"))[0].2, Audience::Public);
        // A restriction of the page above counts below it, and for comments.
        let restricted = "<object class=\"ContentPermissionSet\"><id name=\"id\">7</id><property name=\"type\"><![CDATA[View]]></property>\
                          <property name=\"owningContent\" class=\"Page\"><id name=\"id\">1</id></property></object>";
        let all = found(&format!("{anyone}{restricted}"));
        assert_eq!(all[0].2, Audience::Unknown);
        assert_eq!(all[1].2, Audience::Unknown);
    }
}
