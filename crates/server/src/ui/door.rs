//! The door: signing in, the first set-up, finding something, and what is shown when something goes wrong.

use super::{Result, frame::Frame, shown::filters};
use askama::Template;

/// The sign-in page: where to sign in, or that one is. Filled from the settings of the login and the caller, if any.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What stands around it; its token is for signing out.
    pub frame: Frame,
    /// Who is signed in with this browser.
    pub who: Option<String>,
    /// Where signing in with the identity provider begins; `None` where no provider is set up.
    pub start: Option<String>,
    /// A signature asks for a fresh sign-in: nobody was signed out.
    pub fresh: bool,
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render_sign_in(view: &SignIn) -> Result<String> {
    view.render()
}

/// The page behind a set-up link. The link is used up when the form is sent, not when the page is opened.
#[derive(Template)]
#[template(path = "set_up.html")]
pub struct SetUp {
    /// What stands around it.
    pub frame: Frame,
    /// The link's secret, in its hidden field.
    pub link: tenure_model::secret::Secret,
    /// Whom it signs in; `None` where it makes the first administrator.
    pub who: Option<String>,
}

impl SetUp {
    /// The secret as text, for its field alone.
    fn shown(&self) -> String {
        String::from_utf8_lossy(self.link.expose()).into_owned()
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render_set_up(view: &SetUp) -> Result<String> {
    view.render()
}

/// What went wrong, as a page. Filled from the one table of errors.
#[derive(Template)]
#[template(path = "error.html")]
pub struct Failed {
    /// What stands around it.
    pub frame: Frame,
    /// The status of HTTP.
    pub status: u16,
    /// What happened, as a sentence.
    pub what: String,
    /// What to do.
    pub advice: String,
    /// The policies that decided it, where one did.
    pub policies: Vec<String>,
    /// The id under which the server's log tells more.
    pub request: Option<String>,
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render_failed(view: &Failed) -> Result<String> {
    view.render()
}

/// What a search found. Filled by a search for keys, people and systems, each narrowed to what the caller may see.
#[derive(Template)]
#[template(path = "search.html")]
pub struct Found {
    /// What stands around it; its `search` is what was searched for.
    pub frame: Frame,
    /// Keys, people and systems: the heading and what was found under it.
    pub groups: Vec<Group>,
}

/// What was found of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `Keys`, `People`, `Systems`.
    pub heading: String,
    /// What was found, the best first.
    pub hits: Vec<Hit>,
    /// The whole list, where there is more.
    pub all: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its name.
    pub name: String,
    /// Its page.
    pub address: String,
    /// More about it.
    pub detail: String,
}

impl Found {
    fn is_empty(&self) -> bool {
        self.groups.iter().all(|group| group.hits.is_empty())
    }
}

/// Makes the page.
///
/// # Errors
/// A fault of Tenure.
pub fn render_found(view: &Found) -> Result<String> {
    view.render()
}
