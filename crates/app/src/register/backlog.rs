//! How the keys are worked off that nobody answered for when it began.

use super::{Desk, Result};
use tenure_model::backlog::{self, Standing};

impl Desk<'_> {
    /// Two burn-downs (what was there at the baseline, what came since) and whether the ratchet holds, of the keys
    /// that the caller may see. The baseline is that of the policy, else the day on which the register was made.
    ///
    /// # Errors
    /// The caller may see none, or the database refuses.
    pub async fn backlog(&self) -> Result<Standing> {
        let scope = self.scope().await?;
        let terms = self.policy.backlog();
        let today = self.now.day();
        let made = self
            .store
            .made_at()
            .await?
            .map(tenure_model::moment::Moment::day);
        let baseline = terms.baseline.or(made).unwrap_or(today).min(today);
        let keys = self.store.counted(&scope).await?;
        Ok(backlog::standing(&keys, &terms, baseline, today))
    }
}
