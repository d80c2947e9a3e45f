//! The example company as a register: its keys imported, and something of everything that people do.

use super::{
    Asked, Clock, Desk, Place, Reading, Register, RegisterError, Result, SignedIn, Taken, Term,
};
use crate::{demo, progress::Silent, state::State};
use std::path::Path;
use tenure_model::{
    access::{Actor, Authority, Caller, Held, PersonId, Role, Unit, Via},
    catalog::Provider,
    exception::Reasons,
    id::ExceptionId,
    moment::Moment,
    policy::Policy,
};
use tenure_store::{
    About,
    key_list::{Entry, Filter, Sort},
};

/// The exports of the company: kind, and file below its folder.
const EXPORTS: &[(&str, &str)] = &[
    ("people", "people.csv"),
    ("aws-credential-report", "aws/credential-report.csv"),
    ("aws-access-keys", "aws/access-keys.json"),
    (
        "github-fine-grained-pats",
        "github/fine-grained-pats-labs.json",
    ),
    ("github-deploy-keys", "github/web/deploy-keys.json"),
    ("table", "keys.csv"),
    ("table", "vendors/partners.csv"),
];

/// The folders that are searched for copies.
const PLACES: &[&str] = &["repos", "laptops"];

/// Who holds a role in the example.
#[must_use]
pub fn person(role: Role) -> &'static str {
    match role {
        Role::Viewer => "vera.demo",
        Role::KeyOwner => "emre.can@northwind.example",
        Role::Analyst => "anna.demo",
        Role::Approver => "abel.demo",
        Role::RiskOwner => "rita.demo",
        Role::Responder => "rosa.demo",
        Role::Auditor => "aura.demo",
        Role::Administrator => "adam.demo",
    }
}

fn caller(role: Role) -> Result<Caller> {
    let held = match role {
        Role::RiskOwner => Held::risk_owner(Unit::whole(), Authority::GoverningBody),
        role => Held::new(role, Unit::whole()),
    };
    Ok(Caller {
        person: PersonId::new(person(role))
            .map_err(|error| RegisterError::Name(error.to_string()))?,
        active: true,
        roles: vec![held],
        via: Via::Session { fresh: true },
    })
}

impl Register {
    /// Makes the example company below a folder, and opens it as a register whose clock stands still until it is moved.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub async fn of_demo(folder: &Path, providers: Vec<Provider>, policy: Policy) -> Result<Self> {
        let files = folder.join("northwind");
        demo::write(&files, &providers)
            .map_err(|error| RegisterError::Nothing(error.to_string()))?;
        let at: Moment = format!("{}T09:00:00Z", demo::TODAY)
            .parse()
            .map_err(|_| RegisterError::Nothing("the day of the example is none".to_owned()))?;
        let state = folder.join("state");
        let place = Place::in_folder(&state);
        let register =
            Self::open(&place, State::at(&state), providers, policy, Clock::set(at)).await?;
        register.fill(&files).await?;
        Ok(register)
    }

    async fn fill(&self, files: &Path) -> Result<()> {
        let operator = Actor::Operator("demo".to_owned());
        let desk = self.desk(&operator);
        let reading = Reading {
            providers: self.providers(),
            policy: self.policy(),
            pepper: self.pepper(),
            today: self.now().day(),
        };
        for (kind, file) in EXPORTS {
            let taken = Taken::export(reading, kind, &files.join(file), file)?;
            desk.import(&taken).await?;
        }
        for place in PLACES {
            let taken = Taken::place(reading, &files.join(place), &[], &Silent)?;
            desk.import(&taken).await?;
        }
        desk.reassess().await?;
        self.act().await
    }

    /// What people did: owners, a comment, exceptions in every state, questions.
    async fn act(&self) -> Result<()> {
        let analyst = Actor::Person(caller(Role::Analyst)?);
        let desk = self.desk(&analyst);
        let page = desk.list(&Filter::default(), Sort::Due, None, 200).await?;
        if let Some(entry) = page.entries.iter().find(|entry| entry.owner.is_empty()) {
            let ids = [entry.id.clone()];
            desk.assign_owner(&ids, Some(person(Role::KeyOwner)), None)
                .await?;
            let about = About::Key(entry.id.clone());
            desk.comment(&about, "Emre says that the job moves to OIDC in March.")
                .await?;
        }
        let mut asked = Vec::new();
        for entry in &page.entries {
            if asked.len() == 3 {
                break;
            }
            if let Some(id) = ask_for(&desk, entry).await? {
                asked.push(id);
            }
        }
        // The first waits for approval, the second for the signature of the risk owner, the third is granted.
        for (at, id) in asked.iter().enumerate().skip(1) {
            let approver = Actor::Person(caller(Role::Approver)?);
            let desk = self.desk(&approver);
            let shown = desk.exception(id).await?;
            let signature = super::Signature {
                reason: "Two addresses and an alert are enough until then.",
                seen: shown.statement.digest(),
                version: Some(shown.version),
            };
            desk.approve_exception(id, signature).await?;
            if at == 2 {
                let signer = Actor::Person(caller(Role::RiskOwner)?);
                let desk = self.desk(&signer);
                let version = Some(desk.exception(id).await?.version);
                desk.accept_risk(
                    id,
                    super::Signature {
                        version,
                        ..signature
                    },
                )
                .await?;
            }
        }
        let plan = self.desk(&analyst).ask_plan().await?;
        let people: Vec<String> = plan
            .questions
            .iter()
            .map(|one| one.person.clone())
            .collect();
        self.desk(&analyst).ask_send(&people).await?;
        Ok(())
    }

    /// Signs in whoever holds a role in the example: for the example alone, which holds nobody's keys.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn demo_sign_in(&self, role: Role) -> Result<SignedIn> {
        let caller = caller(role)?;
        self.sign_in_as(&caller.person, caller.roles).await
    }
}

/// Asks for an exception for a key, where its verdict allows one.
async fn ask_for(desk: &Desk<'_>, entry: &Entry) -> Result<Option<ExceptionId>> {
    let key = desk.key(&entry.id).await?.registered.key;
    if !key.verdict.outcome.exception_allowed {
        return Ok(None);
    }
    let asked = Asked {
        reasons: Reasons {
            bypassed: "no standing credential".to_owned(),
            why: "settlement files are sent with it every night".to_owned(),
            blocker: "the vendor offers no federation before March".to_owned(),
            compensating: vec![
                "it works from two addresses only".to_owned(),
                "each use raises an alert".to_owned(),
            ],
        },
        users: Vec::new(),
        in_name_of: None,
    };
    let until = desk.now.day().plus(60);
    match desk
        .request_exception(&entry.id, Term::Until(until), &asked)
        .await
    {
        Ok(shown) => Ok(Some(ExceptionId::new(shown.id))),
        Err(RegisterError::Exception(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
