//! What stands around every page: places, search, who is calling, what was just done.

use tenure_model::{access::Role, moment::Moment};

tenure_model::words! {
    /// The eight places.
    pub enum Place {
        Today = "today", Keys = "keys", Decisions = "decisions", Exposures = "exposures", Work = "work",
        Proof = "proof", Catalogue = "catalogue", Settings = "settings",
    }
}

impl Place {
    /// The place as the navigation names it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Keys => "Keys",
            Self::Decisions => "Decisions",
            Self::Exposures => "Exposures",
            Self::Work => "Work",
            Self::Proof => "Proof",
            Self::Catalogue => "Catalogue",
            Self::Settings => "Settings",
        }
    }

    /// Its address.
    #[must_use]
    pub const fn address(self) -> &'static str {
        match self {
            Self::Today => "/",
            Self::Keys => "/keys",
            Self::Decisions => "/decisions",
            Self::Exposures => "/exposures",
            Self::Work => "/work",
            Self::Proof => "/proof",
            Self::Catalogue => "/catalogue",
            Self::Settings => "/settings",
        }
    }
}

/// A place that the caller may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// The place.
    pub place: Place,
    /// How much waits for the caller there; 0 shows no number.
    pub waiting: u64,
}

tenure_model::words! {
    /// Light or dark.
    pub enum Theme {
        /// As the browser says.
        System = "system",
        Light = "light",
        Dark = "dark",
    }
}

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name of the person.
    pub name: String,
    /// What they hold, as words: `Analyst in payments`.
    pub roles: Vec<String>,
}

tenure_model::words! {
    /// How something came out.
    pub enum Tone {
        /// It was done.
        Done = "done",
        /// It is not as it should be.
        Warning = "warning",
        /// It was refused.
        Refused = "refused",
    }
}

/// What was just done, or has to be known on every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How it came out.
    pub tone: Tone,
    /// It as a sentence.
    pub text: String,
}

/// The example company is served: its clock moves and everybody may take any role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demo {
    /// The role that the caller has taken.
    pub role: Role,
}

/// What stands around a page. Filled from the session alone, with `access` asked once for each place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The page's title; it leads, the product's name follows.
    pub title: String,
    /// The place that it is in.
    pub place: Option<Place>,
    /// The places that the caller may go to; empty where nobody is signed in.
    pub doors: Vec<Door>,
    /// Who is calling; `None` where nobody is signed in.
    pub caller: Option<Caller>,
    /// The token of forms, for every form of the page.
    pub csrf: String,
    /// What was just done.
    pub notices: Vec<Notice>,
    /// What was searched for.
    pub search: String,
    /// Light or dark.
    pub theme: Theme,
    /// The reading of the clock that the page goes by.
    pub now: Moment,
    /// The demo's switches.
    pub demo: Option<Demo>,
}

impl Frame {
    /// A page for nobody in particular: the door, errors.
    #[must_use]
    pub fn plain(title: &str, now: Moment) -> Self {
        Self {
            title: title.to_owned(),
            place: None,
            doors: Vec::new(),
            caller: None,
            csrf: String::new(),
            notices: Vec::new(),
            search: String::new(),
            theme: Theme::System,
            now,
            demo: None,
        }
    }

    /// The same with another title and place.
    #[must_use]
    pub fn at(&self, place: Place, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            place: Some(place),
            ..self.clone()
        }
    }

    /// Whether the caller may go to this place.
    #[must_use]
    pub fn leads_to(&self, place: Place) -> bool {
        self.doors.iter().any(|door| door.place == place)
    }

    /// Whether the page is in this place.
    #[must_use]
    pub fn is_in(&self, place: Place) -> bool {
        self.place == Some(place)
    }
}
