//! Channels: `[[channel]]` of the settings, and what goes over each.

use serde::Deserialize;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tenure_connect::{
    http::{Client, Limits, address::AddressPolicy},
    notify::{
        Notice,
        email::{Mail, Security},
        slack::Incoming,
        webhook::Webhook,
    },
};
use tenure_model::moment::Moment;
use url::Url;
use zeroize::Zeroizing;

pub use tenure_connect::notify::NotifyError;

tenure_model::words! {
    /// What goes over a channel.
    pub enum Gets {
        /// To each person what needs them, once a day where there is something.
        People = "people",
        /// A message a day with counts, for a team.
        Team = "team",
        /// What has to be contained at once, and nothing else.
        Pager = "pager",
    }
}

/// One channel, as the settings write it. What is unknown is refused by [`WaySettings`], which gets all the rest.
#[derive(Debug, Clone, Deserialize)]
pub struct ChannelSettings {
    /// What it is called.
    pub name: String,
    /// `people`, `team` or `pager`.
    pub gets: String,
    /// The way there.
    #[serde(flatten)]
    pub way: WaySettings,
}

/// How a channel leads to somebody.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WaySettings {
    /// A mail server.
    Email {
        /// Its host.
        server: String,
        /// Its port; 465 with TLS, 587 with STARTTLS, 25 without.
        port: Option<u16>,
        /// `tls`, `starttls`, or `none`: to a network that `networks` names, and without a login.
        #[serde(default = "tls")]
        security: String,
        /// The sender.
        from: String,
        /// Who gets what is not for people.
        #[serde(default)]
        to: Vec<String>,
        /// The login.
        user: Option<String>,
        /// A file with its password.
        password_file: Option<PathBuf>,
        /// Networks, beside the public ones, in which the server may be reached.
        #[serde(default)]
        networks: Vec<String>,
    },
    /// A webhook that is signed as Standard Webhooks says.
    Webhook {
        /// Its address.
        to: String,
        /// A file with the secret, `whsec_…`.
        secret_file: PathBuf,
        /// Networks, beside the public ones, in which it may be reached.
        #[serde(default)]
        networks: Vec<String>,
    },
    /// An incoming webhook as Slack takes it.
    IncomingWebhook {
        /// A file with its address, which is a secret.
        address_file: PathBuf,
        /// Networks, beside the public ones, in which it may be reached.
        #[serde(default)]
        networks: Vec<String>,
    },
}

fn tls() -> String {
    "tls".to_owned()
}

impl ChannelSettings {
    /// Files that it names lie in this folder.
    pub fn beside(&mut self, folder: &Path) {
        let file = match &mut self.way {
            WaySettings::Email { password_file, .. } => password_file.as_mut(),
            WaySettings::Webhook { secret_file, .. } => Some(secret_file),
            WaySettings::IncomingWebhook { address_file, .. } => Some(address_file),
        };
        if let Some(file) = file {
            *file = folder.join(&*file);
        }
    }
}

/// What of a channel's settings cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("channel {name}: {problem}")]
pub struct BadChannel {
    /// Its name.
    pub name: String,
    /// What is wrong; nothing secret.
    pub problem: String,
}

enum Way {
    Mail {
        mail: Mail,
        policy: AddressPolicy,
        to: Vec<String>,
    },
    Webhook(Webhook, Client),
    Incoming(Incoming, Client),
}

/// One channel.
pub struct Channel {
    name: String,
    gets: Gets,
    kind: &'static str,
    place: String,
    way: Way,
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} {} ***)", self.name, self.kind)
    }
}

impl Channel {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What goes over it.
    #[must_use]
    pub fn gets(&self) -> Gets {
        self.gets
    }

    /// `e-mail`, `webhook`, `incoming webhook`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Where it leads, without what is secret in it.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Sends a notice, to a person's address or to whom the settings name. Blocks until it is taken or not.
    ///
    /// # Errors
    /// It did not arrive.
    pub fn send(&self, notice: &Notice, to: Option<&str>, now: Moment) -> Result<(), NotifyError> {
        match &self.way {
            Way::Mail {
                mail,
                policy,
                to: named,
            } => {
                let all = to.map(|one| vec![one.to_owned()]);
                for one in all.as_ref().unwrap_or(named) {
                    mail.send(policy, one, notice)?;
                }
                Ok(())
            }
            Way::Webhook(webhook, client) => webhook.send(client, notice, now),
            Way::Incoming(incoming, client) => incoming.send(client, notice),
        }
    }
}

/// The channels of an installation, and the address of its pages.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    list: Vec<Arc<Channel>>,
    page: Option<Url>,
}

impl Channels {
    /// Reads what the settings name. Notices lead to pages below `page`.
    ///
    /// # Errors
    /// Names the channel and what is wrong with it.
    pub fn new(settings: &[ChannelSettings], page: &Url) -> Result<Self, BadChannel> {
        let mut list: Vec<Arc<Channel>> = Vec::new();
        for one in settings {
            let bad = |problem: String| BadChannel {
                name: one.name.clone(),
                problem,
            };
            if one.name.trim().is_empty() || one.name.len() > 60 {
                return Err(bad("a channel has a name of 1 to 60 characters".to_owned()));
            }
            if list.iter().any(|known| known.name == one.name) {
                return Err(bad("two channels have this name".to_owned()));
            }
            list.push(Arc::new(channel(one).map_err(bad)?));
        }
        Ok(Self {
            list,
            page: Some(page.clone()),
        })
    }

    /// Each channel.
    #[must_use]
    pub fn list(&self) -> &[Arc<Channel>] {
        &self.list
    }

    /// Those over which this goes.
    pub fn that_get(&self, gets: Gets) -> impl Iterator<Item = &Arc<Channel>> {
        self.list.iter().filter(move |channel| channel.gets == gets)
    }

    /// The address of a page, by its path.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<Url> {
        self.page.as_ref()?.join(path).ok()
    }
}

fn channel(settings: &ChannelSettings) -> Result<Channel, String> {
    let gets: Gets = settings.gets.parse().map_err(|_| {
        format!(
            "gets = \"{}\": there are people, team and pager",
            settings.gets
        )
    })?;
    let (kind, place, way) = match &settings.way {
        WaySettings::Email {
            server,
            port,
            security,
            from,
            to,
            user,
            password_file,
            networks,
        } => {
            let security = match security.as_str() {
                "tls" => Security::Tls,
                "starttls" => Security::StartTls,
                "none" => Security::Plain,
                other => {
                    return Err(format!(
                        "security = \"{other}\": there are tls, starttls and none"
                    ));
                }
            };
            let usual = match security {
                Security::Tls => 465,
                Security::StartTls => 587,
                Security::Plain => 25,
            };
            match (gets, to.is_empty()) {
                (Gets::People, false) => {
                    return Err("`to` has no meaning where each person gets their own".to_owned());
                }
                (Gets::Team | Gets::Pager, true) => return Err("`to` names nobody".to_owned()),
                _ => {}
            }
            let login = match (user, password_file) {
                (Some(user), Some(file)) => Some((user.clone(), secret(file)?)),
                (None, None) => None,
                _ => return Err("a login is `user` and `password_file`".to_owned()),
            };
            let port = port.unwrap_or(usual);
            let mail = Mail::new(server, port, security, from, login)
                .map_err(|error| error.to_string())?;
            let place = match to.as_slice() {
                [] => format!("each person, over {server}"),
                to => format!("{}, over {server}", to.join(", ")),
            };
            let way = Way::Mail {
                mail,
                policy: policy(networks)?,
                to: to.clone(),
            };
            ("e-mail", place, way)
        }
        WaySettings::Webhook {
            to,
            secret_file,
            networks,
        } => {
            let to: Url = to.parse().map_err(|_| "`to` is no address".to_owned())?;
            let webhook = Webhook::new(to.clone(), &secret(secret_file)?)
                .map_err(|error| error.to_string())?;
            let place = to.host_str().unwrap_or_default().to_owned();
            ("webhook", place, Way::Webhook(webhook, client(networks)?))
        }
        WaySettings::IncomingWebhook {
            address_file,
            networks,
        } => {
            if gets == Gets::People {
                return Err("what one person is told does not go where others read it: gets is team or pager".to_owned());
            }
            let address = secret(address_file)?;
            let url: Url = address
                .trim()
                .parse()
                .map_err(|_| format!("{}: holds no address", address_file.display()))?;
            let place = url.host_str().unwrap_or_default().to_owned();
            (
                "incoming webhook",
                place,
                Way::Incoming(Incoming::new(address), client(networks)?),
            )
        }
    };
    Ok(Channel {
        name: settings.name.clone(),
        gets,
        kind,
        place,
        way,
    })
}

fn secret(file: &Path) -> Result<Zeroizing<String>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.trim_end().to_owned()))
}

fn policy(networks: &[String]) -> Result<AddressPolicy, String> {
    AddressPolicy::allowing(networks.iter().map(String::as_str))
        .map_err(|no| format!("networks: {} is no network", no.0))
}

fn client(networks: &[String]) -> Result<Client, String> {
    Ok(Client::new(Limits::default(), policy(networks)?))
}
