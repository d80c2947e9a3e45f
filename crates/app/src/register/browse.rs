//! Looking at what is not a key: sources, runs, people, the log, jobs; and counts of keys.

use super::{Desk, RegisterError, Result, signer};
use std::collections::BTreeMap;
use tenure_model::{
    access::Action,
    event::Event,
    id::{RunId, SourceId},
    key::{Coverage, Person},
    log::{Checkpoint, Hash},
};
use tenure_store::{
    Entry, EventFilter, JobCounts, Run, Source, StoreError, key_list::Facet, state::State,
};

/// How many values of a facet are told.
const MOST_VALUES: u64 = 50;
/// How many runs are told.
const MOST_RUNS: u64 = 200;

/// One event, read back.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its place in the log.
    pub index: u64,
    /// The hash of its bytes.
    pub leaf: Hash,
    /// The event; `None` where its bytes are none any more, which `verify` explains.
    pub event: Option<Event>,
}

/// A proof that an event is in the log.
#[derive(Debug, Clone)]
pub struct Inclusion {
    /// The event.
    pub index: u64,
    /// Of how many events the log consists.
    pub size: u64,
    /// The hash of the event.
    pub leaf: Hash,
    /// The root of the tree of that size.
    pub root: Hash,
    /// The proof (RFC 6962, 2.1.1).
    pub path: Vec<Hash>,
}

/// A proof that a log only grew.
#[derive(Debug, Clone)]
pub struct Consistency {
    /// The earlier size, and the root then.
    pub from: (u64, Hash),
    /// The later one.
    pub to: (u64, Hash),
    /// The proof (RFC 6962, 2.1.2).
    pub path: Vec<Hash>,
}

fn logged(entry: Entry) -> Logged {
    Logged {
        index: entry.index,
        leaf: entry.leaf,
        event: serde_json::from_str(&entry.body).ok(),
    }
}

impl Desk<'_> {
    /// How many living keys have which value of each facet that is counted.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn facets(&self) -> Result<BTreeMap<Facet, Vec<(String, u64)>>> {
        let scope = self.scope().await?;
        let mut all = BTreeMap::new();
        for facet in Facet::ALL {
            let values = self.store.facet(&scope, *facet, MOST_VALUES).await?;
            if !values.is_empty() {
                all.insert(*facet, values);
            }
        }
        Ok(all)
    }

    /// Every source.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn sources(&self) -> Result<Vec<Source>> {
        self.permit_all(Action::SourceView).await?;
        Ok(self.store.sources().await?)
    }

    /// One source.
    ///
    /// # Errors
    /// There is none, the caller may not, or the database refuses.
    pub async fn source(&self, id: &SourceId) -> Result<Source> {
        self.permit_all(Action::SourceView).await?;
        Ok(self.store.source(id).await?)
    }

    /// How much of which source was read.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn coverage(&self) -> Result<Vec<Coverage>> {
        self.permit_all(Action::SourceView).await?;
        Ok(self.store.coverage().await?)
    }

    /// The latest runs, newest first.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn runs(&self, most: u64) -> Result<Vec<Run>> {
        self.permit_all(Action::JobView).await?;
        Ok(self.store.runs(most.min(MOST_RUNS)).await?)
    }

    /// One run.
    ///
    /// # Errors
    /// There is none, the caller may not, or the database refuses.
    pub async fn run(&self, id: &RunId) -> Result<Run> {
        self.permit_all(Action::JobView).await?;
        Ok(self.store.run(id).await?)
    }

    /// How many jobs wait, are held, were given up.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn jobs(&self) -> Result<JobCounts> {
        self.permit_all(Action::JobView).await?;
        Ok(self.store.job_counts().await?)
    }

    /// Everybody on the people list.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn people(&self) -> Result<Vec<Person>> {
        self.permit_all(Action::PeopleView).await?;
        Ok(self.store.people().await?)
    }

    /// One of them, by id or address in any case.
    ///
    /// # Errors
    /// There is none, the caller may not, or the database refuses.
    pub async fn person(&self, who: &str) -> Result<Person> {
        self.permit_all(Action::PeopleView).await?;
        match self.store.standing(who, &who.to_lowercase()).await? {
            tenure_store::Standing::Listed(person) => Ok(person),
            _ => Err(StoreError::Unknown(format!("person {who}")).into()),
        }
    }

    /// Asks whether the caller may look at what the product itself says: the catalogue, the policy, roles.
    ///
    /// # Errors
    /// They may not.
    pub async fn may(&self, action: Action) -> Result<()> {
        self.permit_all(action).await.map(drop)
    }

    /// The latest events that are wanted, newest first, all before event `before` where one is given.
    ///
    /// # Errors
    /// The caller may not, or the database refuses.
    pub async fn log(
        &self,
        filter: &EventFilter,
        before: Option<u64>,
        most: u64,
    ) -> Result<Vec<Logged>> {
        self.permit_all(Action::LogView).await?;
        let events = self.store.events(filter, before, most).await?;
        Ok(events.into_iter().map(logged).collect())
    }

    /// One event.
    ///
    /// # Errors
    /// There is none, the caller may not, or the database refuses.
    pub async fn event(&self, index: u64) -> Result<Logged> {
        self.permit_all(Action::LogView).await?;
        let read = self.store.entries(index, 1).await?;
        let found = read.into_iter().find(|entry| entry.index == index);
        found
            .map(logged)
            .ok_or_else(|| StoreError::Unknown(format!("event {index}")).into())
    }

    /// The log as it stands, signed: the text of the checkpoint.
    ///
    /// # Errors
    /// The caller may not, the log is empty, or the database refuses.
    pub async fn checkpoint(&self, state: &State) -> Result<(Checkpoint, String)> {
        self.permit_all(Action::ProofView).await?;
        let signer = signer(self.store, state).await?.ok_or_else(empty)?;
        Ok(self.store.checkpoint(&signer).await?)
    }

    /// The public key of the log, by which checkpoints and exports are verified.
    ///
    /// # Errors
    /// The caller may not, the log is empty, or the database refuses.
    pub async fn log_key(&self, state: &State) -> Result<String> {
        self.permit_all(Action::ProofView).await?;
        let signer = signer(self.store, state).await?.ok_or_else(empty)?;
        Ok(signer.verifier().to_string())
    }

    /// A proof that an event is in the log of a size; of the present one where none is named.
    ///
    /// # Errors
    /// The caller may not, there is no such event or size, or the database refuses.
    pub async fn inclusion(&self, index: u64, size: Option<u64>) -> Result<Inclusion> {
        self.permit_all(Action::ProofView).await?;
        let size = self.size(size).await?;
        let read = self.store.entries(index, 1).await?;
        let entry = read
            .first()
            .filter(|entry| entry.index == index && index < size);
        let entry = entry
            .ok_or_else(|| StoreError::Unknown(format!("event {index} in a log of {size}")))?;
        Ok(Inclusion {
            index,
            size,
            leaf: entry.leaf,
            root: self.store.root_at(size).await?,
            path: self.store.inclusion(index, size).await?,
        })
    }

    /// A proof that the log of a size is the beginning of the one of a later size.
    ///
    /// # Errors
    /// The caller may not, there is no such size, or the database refuses.
    pub async fn consistency(&self, from: u64, to: Option<u64>) -> Result<Consistency> {
        self.permit_all(Action::ProofView).await?;
        let to = self.size(to).await?;
        if from == 0 || from > to {
            let problem = format!("name a size from 1 to {to}");
            return Err(RegisterError::Field("from", problem));
        }
        Ok(Consistency {
            from: (from, self.store.root_at(from).await?),
            to: (to, self.store.root_at(to).await?),
            path: self.store.consistency(from, to).await?,
        })
    }

    async fn size(&self, wanted: Option<u64>) -> Result<u64> {
        let size = self.store.head().await?.tree.size();
        match wanted {
            Some(wanted) if wanted > size => {
                let problem = format!("the log has {size} events");
                Err(RegisterError::Field("size", problem))
            }
            wanted => Ok(wanted.unwrap_or(size)),
        }
    }
}

fn empty() -> RegisterError {
    RegisterError::Nothing("the log is empty".to_owned())
}
