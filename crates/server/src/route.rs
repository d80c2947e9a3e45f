//! One line of the router: method, path, what it needs, who handles it, and what the API's document says of it.

use crate::house::House;
use axum::{
    handler::Handler,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use tenure_model::access::Action;

/// A schema, made into the document's list of them.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody, but only so often: it lets somebody in.
    Door,
    /// Whoever is known; the use case then asks the rules for each of these acts, or for none where it shows people
    /// only themselves.
    Known(&'static [Action]),
}

/// How a call that is sent again with the same idempotency key is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// As it was.
    Same,
    /// That it was done: the answer held a secret, which is kept nowhere.
    Told,
    /// It is done again, which is the same by itself.
    Harmless,
}

/// What a call sends.
#[derive(Clone, Copy)]
pub(crate) enum Sends {
    Nothing,
    Json(SchemaOf),
    Bytes,
    Form,
    /// A form with a file.
    Upload,
}

/// What it is answered.
#[derive(Clone, Copy)]
pub(crate) enum Gives {
    Nothing,
    Json(SchemaOf),
    Created(SchemaOf),
    Text(&'static str),
    Page,
    Away,
}

/// One route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with names in braces.
    pub path: &'static str,
    /// Who may call.
    pub access: Access,
    pub(crate) says: &'static str,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) sends: Sends,
    pub(crate) gives: Gives,
    pub(crate) again: Again,
    pub(crate) conditional: bool,
    /// Seconds until it is given up.
    pub(crate) patience: u64,
    pub(crate) handler: MethodRouter<House>,
}

/// How long a call may take, in seconds: a usual one, and one that reads or judges everything.
const USUAL: u64 = 30;
const LONG: u64 = 900;

fn route<H, T>(method: Method, filter: MethodFilter, path: &'static str, handler: H) -> Route
where
    H: Handler<T, House>,
    T: 'static,
{
    Route {
        method,
        path,
        access: Access::Known(&[]),
        says: "",
        query: None,
        sends: Sends::Nothing,
        gives: Gives::Nothing,
        again: Again::Same,
        conditional: false,
        patience: USUAL,
        handler: on(filter, handler),
    }
}

macro_rules! methods {
    ($($name:ident $method:ident),+ $(,)?) => { $(
        pub(crate) fn $name<H, T>(path: &'static str, handler: H) -> Route
        where
            H: Handler<T, House>,
            T: 'static,
        {
            route(Method::$method, MethodFilter::$method, path, handler)
        }
    )+ };
}

methods!(get GET, post POST, put PUT, delete DELETE);

impl Route {
    pub(crate) fn public(mut self) -> Self {
        self.access = Access::Public;
        self
    }

    pub(crate) fn door(mut self) -> Self {
        self.access = Access::Door;
        self
    }

    pub(crate) fn needs(mut self, actions: &'static [Action]) -> Self {
        self.access = Access::Known(actions);
        self
    }

    /// What it does, as the API's document says it.
    pub(crate) fn says(mut self, text: &'static str) -> Self {
        self.says = text;
        self
    }

    pub(crate) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(T::json_schema);
        self
    }

    pub(crate) fn takes<T: JsonSchema>(mut self) -> Self {
        self.sends = Sends::Json(|all| all.subschema_for::<T>());
        self
    }

    pub(crate) fn takes_bytes(mut self) -> Self {
        self.sends = Sends::Bytes;
        self
    }

    pub(crate) fn takes_form(mut self) -> Self {
        self.sends = Sends::Form;
        self
    }

    pub(crate) fn takes_upload(mut self) -> Self {
        self.sends = Sends::Upload;
        self
    }

    pub(crate) fn gives<T: JsonSchema>(mut self) -> Self {
        self.gives = Gives::Json(|all| all.subschema_for::<T>());
        self
    }

    pub(crate) fn makes<T: JsonSchema>(mut self) -> Self {
        self.gives = Gives::Created(|all| all.subschema_for::<T>());
        self
    }

    pub(crate) fn gives_text(mut self, media: &'static str) -> Self {
        self.gives = Gives::Text(media);
        self
    }

    pub(crate) fn gives_page(mut self) -> Self {
        self.gives = Gives::Page;
        self
    }

    pub(crate) fn leads_away(mut self) -> Self {
        self.gives = Gives::Away;
        self
    }

    /// Its answer holds a secret.
    pub(crate) fn told_once(mut self) -> Self {
        self.again = Again::Told;
        self
    }

    /// Doing it twice is doing it once.
    pub(crate) fn harmless(mut self) -> Self {
        self.again = Again::Harmless;
        self
    }

    /// It asks for the version that was seen.
    pub(crate) fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    pub(crate) fn long(mut self) -> Self {
        self.patience = LONG;
        self
    }

    /// Whether it is of the API.
    #[must_use]
    pub fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }
}
