//! The console: pages made on the server, one file per place. A page is a function from values to text.
//!
//! Every view is plain data, and says in its comment which use case fills it. Whatever text a view holds is shown
//! escaped and with nothing hidden in it ([`shown`]); nothing has to be cleaned before. Pages work without JavaScript;
//! what changes something is a form with the method POST and the caller's token of forms.

pub mod answers;
pub mod asset;
pub mod catalogue;
pub mod decisions;
pub mod difference;
pub mod door;
pub mod exposures;
pub mod form;
pub mod frame;
pub mod happened;
pub mod key;
pub mod keys;
pub mod life;
pub mod picture;
pub mod proof;
pub mod settings;
pub mod sheet;
pub mod shown;
pub mod today;
pub mod work;

/// What every page of the console is sent with: nothing from elsewhere, nothing inline, in no frame.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, or why it could not be made, which is a fault of Tenure.
pub type Result<T> = std::result::Result<T, askama::Error>;
