//! Facts that people state of a key in the register itself.

use super::{Desk, Reassessed, RegisterError, Result};
use tenure_model::{access::Action, declare, id::KeyId};
use tenure_store::Stated;

impl Desk<'_> {
    /// States facts of a key, each as a facts file has it, and judges it again; a fact without a value is taken back.
    /// What is stated is declared: what a provider was seen to say counts before it, and a source that says another
    /// thing is shown as a dispute.
    ///
    /// # Errors
    /// The caller may not, a fact cannot be stated or has no such value, or the database refuses. Then none is kept.
    pub async fn state_facts(
        &self,
        key: &KeyId,
        facts: &[(String, Option<String>)],
    ) -> Result<Reassessed> {
        let registered = self.store.key(key).await?;
        let object = self.object(&registered).await?;
        let permit = self.permit(Action::KeyEdit, &object).await?;
        let today = self.now.day();
        for (name, value) in facts {
            // What is taken back has to be a fact as well, whatever its value was.
            if let Some(value) = value {
                declare::stated("", name, value, today).map_err(RegisterError::Fact)?;
            }
        }
        let mut txn = self.store.begin(&permit, self.now).await?;
        txn.state(&registered.id, facts).await?;
        txn.commit_noted().await?;
        self.settle().await
    }

    /// What was stated of a key here, with who said it and when.
    ///
    /// # Errors
    /// There is no such key, or the caller may not see it.
    pub async fn stated(&self, key: &KeyId) -> Result<Vec<Stated>> {
        let registered = self.store.key(key).await?;
        let object = self.object(&registered).await?;
        self.permit(Action::KeyView, &object).await?;
        Ok(self
            .store
            .stated(std::slice::from_ref(&registered.id))
            .await?)
    }
}
