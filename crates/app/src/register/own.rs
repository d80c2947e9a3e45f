//! Who answers for keys.

use super::{Desk, Reassessed, Result};
use tenure_model::{access::Action, id::KeyId, moment::Moment};

impl Desk<'_> {
    /// Makes a person answer for keys, and judges them again; `None` takes the owner away. All keys or none: the
    /// caller has to be allowed to assign each.
    ///
    /// # Errors
    /// The caller may not, there is no such key, or the database refuses.
    pub async fn assign_owner(
        &self,
        keys: &[KeyId],
        owner: Option<&str>,
        backup: Option<&str>,
    ) -> Result<Reassessed> {
        let mut permits = Vec::with_capacity(keys.len());
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            let registered = self.store.key(key).await?;
            let object = self.object(&registered).await?;
            permits.push(self.permit(Action::OwnerAssign, &object).await?);
            ids.push(registered.id);
        }
        if let Some(permit) = permits.first() {
            let mut txn = self.store.begin(permit, self.now).await?;
            txn.assign_owner(&ids, owner, backup).await?;
            txn.mark_stale(&ids).await?;
            txn.commit_noted().await?;
        }
        self.settle().await
    }

    /// Makes a person answer for one key, where it is still owned as the caller saw it: since `seen`, or by nobody.
    ///
    /// # Errors
    /// As of [`Desk::assign_owner`], and somebody else assigned it meanwhile.
    pub async fn assign_owner_seen(
        &self,
        key: &KeyId,
        owner: Option<&str>,
        backup: Option<&str>,
        seen: Option<Moment>,
    ) -> Result<Reassessed> {
        let registered = self.store.key(key).await?;
        let object = self.object(&registered).await?;
        let permit = self.permit(Action::OwnerAssign, &object).await?;
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.owner_is_as_of(&registered.id, seen).await?;
        txn.assign_owner(&[registered.id], owner, backup).await?;
        txn.commit_noted().await?;
        self.reassess().await
    }
}
