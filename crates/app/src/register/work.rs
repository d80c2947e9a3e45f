//! Workers: what recurs is put in line once, claimed by lease, done, and ended; what a killed worker left is done by
//! another one.

use super::{Desk, Result, seal};
use crate::{
    channels::Channels,
    schedule::{Work, due},
};
use std::{future::Future, time::Duration};
use tenure_model::{access::Actor, moment::Moment};
use tenure_store::{Lease, NewJob, StoreError, state::State};

/// How long a worker pauses where nothing is to be done.
const PAUSE: Duration = Duration::from_secs(5);
/// How long it pauses after the database refused.
const AFTER_TROUBLE: Duration = Duration::from_secs(15);
/// A sign of life is given so many times within a lease.
const BEATS: u64 = 3;

/// What a worker works with. The clock is read anew for each step.
pub trait Bench: Sync {
    /// The handles of use cases, for a caller.
    fn desk<'d>(&'d self, caller: &'d Actor) -> Desk<'d>;
    /// The state folder.
    fn state(&self) -> &State;
    /// Where notices go.
    fn channels(&self) -> &Channels;
}

/// What came of one turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Nothing was to be done.
    Idle,
    /// A job was done.
    Done(Work),
    /// A job failed, and is tried again at this moment; `None` where it was given up.
    Failed(Work, Option<Moment>),
    /// Its lease ran out while it was worked on: it is another worker's now.
    Lost(Work),
}

/// One worker.
#[derive(Debug, Clone)]
pub struct Worker {
    caller: Actor,
    name: String,
}

impl Worker {
    /// A worker by a name that no other one has at the same time, such as host and process.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            caller: Actor::Worker(name.to_owned()),
            name: name.to_owned(),
        }
    }

    /// One turn: puts in line what is due, claims one job and does it.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn turn(&self, bench: &impl Bench) -> Result<Turn> {
        self.tick(bench).await?;
        match self.claim(bench).await? {
            Some((work, lease)) => self.carry_out(bench, work, lease).await,
            None => Ok(Turn::Idle),
        }
    }

    /// Puts in line what is due. However many replicas do so, each turn of the clock has one job.
    ///
    /// # Errors
    /// The database refuses.
    pub async fn tick(&self, bench: &impl Bench) -> Result<()> {
        let desk = bench.desk(&self.caller);
        for slot in due(desk.now) {
            let job = NewJob {
                kind: slot.work.word().to_owned(),
                about: "all".to_owned(),
                body: "{}".to_owned(),
                due_at: slot.due,
            };
            desk.store.tick(&job, slot.number, desk.now).await?;
        }
        Ok(())
    }

    async fn claim(&self, bench: &impl Bench) -> Result<Option<(Work, Lease)>> {
        let desk = bench.desk(&self.caller);
        let kinds: Vec<&str> = Work::ALL.iter().map(|work| work.word()).collect();
        let seconds = Work::ALL.iter().map(|work| work.lease()).max();
        let claimed = desk
            .store
            .claim(&self.name, &kinds, desk.now, seconds.unwrap_or_default(), 1)
            .await?;
        let lease = claimed.into_iter().next();
        Ok(lease.and_then(|lease| Some((lease.kind.parse().ok()?, lease))))
    }

    /// Does a job while it gives signs of life, and ends it or gives it back.
    async fn carry_out(&self, bench: &impl Bench, work: Work, mut lease: Lease) -> Result<Turn> {
        let seconds = work.lease();
        let beat = Duration::from_secs(seconds.unsigned_abs() / BEATS);
        let doing = self.done(bench, work);
        tokio::pin!(doing);
        let outcome = loop {
            tokio::select! {
                outcome = &mut doing => break outcome,
                () = tokio::time::sleep(beat) => {
                    let desk = bench.desk(&self.caller);
                    let beaten = desk.store.heartbeat(&mut lease, desk.now, seconds).await;
                    // Other trouble may pass before the lease ends.
                    if let Err(StoreError::Conflict(_)) = beaten {
                        return Ok(Turn::Lost(work));
                    }
                }
            }
        };
        let desk = bench.desk(&self.caller);
        let ended = match outcome {
            Ok(()) => {
                let ended = desk.store.close_job(&lease, desk.now).await;
                ended.map(|()| Turn::Done(work))
            }
            Err(error) => {
                let why = error.to_string();
                let again = desk.store.retry(&lease, desk.now, &why).await;
                again.map(|again| Turn::Failed(work, again))
            }
        };
        match ended {
            Err(StoreError::Conflict(_)) => Ok(Turn::Lost(work)),
            other => Ok(other?),
        }
    }

    /// Does one piece of work. Each does nothing the second time, so that it may be cut off anywhere and done again.
    async fn done(&self, bench: &impl Bench, work: Work) -> Result<()> {
        let desk = bench.desk(&self.caller);
        match work {
            Work::ExceptionEnds => desk.settle_exceptions().await.map(drop),
            Work::Reassess => desk.reassess().await.map(drop),
            Work::AskRemind => desk.ask_remind_due().await.map(drop),
            Work::Digest => desk.tell_people(bench.channels()).await,
            Work::Page => desk.tell_pagers(bench.channels()).await,
            Work::Seal => seal(desk.store, bench.state()).await,
        }
    }
}

/// Works until `stop` is there: what is under way then is ended first. A database that is away is waited for.
pub async fn run_worker(bench: &impl Bench, worker: &Worker, stop: impl Future<Output = ()>) {
    tokio::pin!(stop);
    let mut is_stopping = false;
    while !is_stopping {
        let pause = {
            let turn = worker.turn(bench);
            tokio::pin!(turn);
            let outcome = tokio::select! {
                outcome = &mut turn => outcome,
                () = &mut stop => {
                    is_stopping = true;
                    turn.await
                }
            };
            match outcome {
                Ok(Turn::Idle) => Some(PAUSE),
                Ok(_) => None,
                Err(_) => Some(AFTER_TROUBLE),
            }
        };
        if let Some(pause) = pause.filter(|_| !is_stopping) {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = &mut stop => is_stopping = true,
            }
        }
    }
}
