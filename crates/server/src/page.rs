//! The console's handlers: each asks a use case and fills the view of a page of [`crate::ui`]. One file per place.

pub(crate) mod act;
pub(crate) mod decisions;
pub(crate) mod demo;
pub(crate) mod exceptions;
pub(crate) mod keys;
pub(crate) mod places;
pub(crate) mod requests;
pub(crate) mod reviews;
pub(crate) mod settings;
pub(crate) mod today;

use crate::{
    answer::Result,
    auth::{self, Caller},
    door,
    error::Problem,
    guard,
    house::House,
    ui::{
        self, asset,
        form::Typed,
        frame::{self, Door, Frame, Notice, Place, Theme, Tone},
    },
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use std::collections::BTreeMap;
use tenure_app::register::{Cursor, Desk, Facet, Logged};
use tenure_model::{access::Action, id::KeyId};
use tokio::sync::OnceCell;

/// Who looks, and how they like it.
pub(crate) struct Visit {
    pub(crate) caller: Caller,
    theme: Theme,
    said: Option<Said>,
    /// What waits for signatures, once it was asked for.
    waiting: OnceCell<decisions::Queue>,
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> std::result::Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let word = |name: &str| auth::cookie(&parts.headers, name);
        Ok(Self {
            caller,
            theme: word(THEME)
                .and_then(|word| word.parse().ok())
                .unwrap_or(Theme::System),
            said: word(SAID).and_then(|word| Said::of(&word)),
            waiting: OnceCell::new(),
        })
    }
}

/// The cookie that keeps light or dark.
const THEME: &str = "tenure_look";
/// The cookie that carries what was just done to the next page: a word, and no text of anybody.
const SAID: &str = "tenure_said";
/// How long the look is kept, in seconds.
const YEAR: i64 = 365 * 86_400;

macro_rules! said {
    ($($variant:ident $word:literal $text:literal)+) => {
        /// What was just done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Said { $($variant),+ }

        impl Said {
            fn of(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

said! {
    OwnerAssigned "owner_assigned" "The owner is assigned, and what that reaches was judged again."
    Commented "commented" "Your comment is kept."
    Signed "signed" "Signed. Your reason stands in the log beside your name."
    Refused "refused" "Denied. Your reason stands in the log beside your name."
    Requested "requested" "The request is made. Somebody else approves it, and a risk owner accepts it."
    Answered "answered" "Your answers are kept. Thank you."
    Withdrawn "withdrawn" "The request is withdrawn."
    Ended "ended" "The exception is ended, and its key was judged without it."
    KeyRequested "key_requested" "The key is asked for. An approver decides before it is issued."
    Attached "attached" "The file is kept as evidence."
    Attested "attested" "Your answers are kept. Nothing more of this campaign waits for you."
    TokenRevoked "token_revoked" "The token is revoked."
    ChannelTried "channel_tried" "The message arrived: the channel works."
    SessionEnded "session_ended" "The session is ended."
    RolesGiven "roles_given" "The roles are as you said."
    Judged "judged" "Everything was judged again."
}

impl Visit {
    pub(crate) fn desk<'h>(&'h self, house: &'h House) -> Desk<'h> {
        house.register.desk(self.caller.actor())
    }

    /// What waits for signatures: read once, however often a page speaks of it.
    pub(crate) async fn waiting(&self, house: &House) -> Result<&decisions::Queue> {
        let desk = self.desk(house);
        self.waiting
            .get_or_try_init(|| decisions::waiting(&desk))
            .await
    }

    /// What stands around a page of a place.
    pub(crate) async fn frame(&self, house: &House, place: Place, title: &str) -> Result<Frame> {
        let desk = self.desk(house);
        let mut doors = Vec::new();
        for place in Place::ALL {
            if may_enter(&desk, *place).await? {
                let waiting = match place {
                    Place::Decisions => self.waiting(house).await?.count(),
                    _ => 0,
                };
                doors.push(Door {
                    place: *place,
                    waiting,
                });
            }
        }
        let account = &self.caller.0.account;
        let roles = account.roles.iter().map(|held| {
            if held.unit().is_whole() {
                capital(held.role().name())
            } else {
                format!("{} in {}", capital(held.role().name()), held.unit())
            }
        });
        let failing = desk.failing_channels(house.register.channels()).await?;
        let failing = failing.into_iter().map(|one| Notice {
            tone: Tone::Warning,
            text: format!(
                "Nothing arrives over the channel {}: {}. Whoever it is for is not told.",
                one.name, one.why
            ),
        });
        Ok(Frame {
            place: Some(place),
            doors,
            caller: Some(frame::Caller {
                name: account.person.to_string(),
                roles: roles.collect(),
            }),
            csrf: door::csrf(house, &self.caller, guard::CSRF_OF_PAGES)?,
            notices: self
                .said
                .iter()
                .map(|said| Notice {
                    tone: Tone::Done,
                    text: said.text().to_owned(),
                })
                .chain(failing)
                .collect(),
            theme: self.theme,
            demo: door::demo_of(house, account.roles.first().map(|held| held.role())),
            ..Frame::plain(title, house.register.now())
        })
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// Whether somebody may go to a place; nothing is recorded, since nothing was asked for.
async fn may_enter(desk: &Desk<'_>, place: Place) -> Result<bool> {
    let any: &[Action] = match place {
        Place::Today | Place::Settings => return Ok(true),
        Place::Keys => return Ok(desk.lists_any().await?),
        Place::Decisions => &[Action::ExceptionList],
        Place::Exposures => &[Action::ExposureView],
        Place::Work => &[Action::JobView],
        Place::Proof => &[Action::LogView],
        Place::Catalogue => &[Action::CatalogView],
    };
    for action in any {
        if desk.allows_somewhere(*action).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A page of the console: what was just done is told once.
pub(crate) fn html(house: &House, text: ui::Result<String>) -> Result<Response> {
    let mut answer = door::page(text)?;
    auth::set_word(house, answer.headers_mut(), SAID, "", 0);
    Ok(answer)
}

/// Another page, after something was done.
pub(crate) fn then(house: &House, to: &str, said: Option<Said>) -> Result<Response> {
    let to = HeaderValue::from_str(to).map_err(|error| Problem::ours(&error))?;
    let mut answer = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    if let Some(said) = said {
        auth::set_word(house, answer.headers_mut(), SAID, said.word(), 60);
    }
    Ok(answer)
}

/// To the identity provider and back to this page, for a signature that needs a fresh sign-in.
pub(crate) fn sign_in_again(house: &House, back: &str) -> Result<Response> {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", back)
        .append_pair("again", "true")
        .finish();
    then(house, &format!("/login/start?{query}"), None)
}

/// The page of a form, as refused where something is wrong with the form: nothing was changed.
pub(crate) fn refused(typed: &Typed, mut answer: Response) -> Response {
    if !typed.problems.is_empty() {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    answer
}

/// The look, kept.
pub(crate) fn keep_theme(house: &House, theme: Theme, answer: &mut Response) {
    auth::set_word(house, answer.headers_mut(), THEME, theme.word(), YEAR);
}

/// Where a page of a list begins, as it was handed out.
pub(crate) fn cursor(after: Option<&str>) -> Result<Option<Cursor>> {
    let read = |text| {
        Cursor::of(text)
            .ok_or_else(|| Problem::field("after", "after: this is no place in a list; begin anew"))
    };
    after.map(read).transpose()
}

/// A file that pages load.
pub(crate) async fn file(
    crate::extract::Both(hash, name): crate::extract::Both,
) -> Result<Response> {
    let found = asset::find(&hash, &name).ok_or_else(|| Problem::no_such("such file"))?;
    let headers = [
        (header::CONTENT_TYPE, found.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, found.bytes).into_response())
}

/// Events as sentences, with the names of the keys that they are about.
pub(crate) async fn told(
    desk: &Desk<'_>,
    logged: &[Logged],
) -> Result<Vec<(u64, ui::happened::Happened)>> {
    let ids: Vec<KeyId> = logged
        .iter()
        .filter_map(|one| one.event.as_ref())
        .filter_map(|event| ui::happened::about(&event.change))
        .map(KeyId::new)
        .collect();
    let names: BTreeMap<String, String> = desk
        .names(&ids)
        .await?
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    let name = |id: &str| names.get(id).cloned();
    let told = logged.iter().filter_map(|one| {
        let event = one.event.as_ref()?;
        Some((one.index, ui::happened::Happened::of(event, &name)))
    });
    Ok(told.collect())
}

/// Which values keys have, for those who may list keys; nothing for others.
pub(crate) async fn facets(desk: &Desk<'_>) -> Result<BTreeMap<Facet, Vec<(String, u64)>>> {
    match desk.allows_somewhere(Action::KeyList).await? {
        true => Ok(desk.facets().await?),
        false => Ok(BTreeMap::new()),
    }
}
