//! Every act of the register: one line each, with what it is done to, of which sort it is, and how one says it.

words! {
    /// What an act is done to.
    pub enum ObjectKind {
        /// A business unit: lists, and what is made in it.
        Unit = "unit",
        /// A key.
        Key = "key",
        /// An exception, from its request on; an acceptance of a class of keys too.
        Exception = "exception",
        /// A request for a key that does not exist yet.
        KeyRequest = "key_request",
        /// A question to a person about keys.
        Ask = "ask",
        /// An attestation campaign.
        Review = "review",
        /// A person's account: roles, tokens, sessions.
        Account = "account",
    }
}

impl ObjectKind {
    /// The kind as policies write it.
    #[must_use]
    pub const fn entity(self) -> &'static str {
        match self {
            Self::Unit => "Unit",
            Self::Key => "Key",
            Self::Exception => "Exception",
            Self::KeyRequest => "KeyRequest",
            Self::Ask => "Ask",
            Self::Review => "Review",
            Self::Account => "Account",
        }
    }
}

words! {
    /// The sorts of acts: what a token may be limited to, and what a signature is asked for.
    pub enum Sort {
        /// Changes nothing.
        Read = "read",
        /// Brings facts in from sources.
        Supply = "supply",
        /// Changes what is recorded, or a key itself.
        Work = "work",
        /// Puts one's name to something: never by a token, always after a fresh sign-in.
        Sign = "sign",
        /// Runs the installation.
        Administer = "administer",
        /// Carries out what was decided, by the scheduler and its workers alone.
        Carry = "carry",
    }
}

macro_rules! acts {
    ($($variant:ident = $word:literal, $object:ident, $sort:ident, $phrase:literal;)+) => {
        words! {
            /// Every act of the register. Each has a row in the table of roles, or a test fails.
            pub enum Action { $(#[doc = $phrase] $variant = $word),+ }
        }

        impl Action {
            /// What it is done to.
            #[must_use]
            pub const fn object(self) -> ObjectKind {
                match self { $(Self::$variant => ObjectKind::$object),+ }
            }

            /// Of which sort it is.
            #[must_use]
            pub const fn sort(self) -> Sort {
                match self { $(Self::$variant => Sort::$sort),+ }
            }

            /// It as one says it, after "may".
            #[must_use]
            pub const fn phrase(self) -> &'static str {
                match self { $(Self::$variant => $phrase),+ }
            }
        }
    };
}

acts! {
    KeyList = "key.list", Unit, Read, "list keys";
    KeyView = "key.view", Key, Read, "see a key and its verdict";
    EvidenceRead = "evidence.read", Key, Read, "read evidence and attachments of a key";
    ExposureView = "exposure.view", Unit, Read, "see where copies of keys were found";
    ExceptionList = "exception.list", Unit, Read, "list exceptions";
    ExceptionView = "exception.view", Exception, Read, "see an exception and its statement";
    KeyRequestView = "key_request.view", KeyRequest, Read, "see a request for a key";
    AskView = "ask.view", Ask, Read, "see a question about keys";
    ReviewView = "review.view", Review, Read, "see a campaign and its answers";
    CatalogView = "catalog.view", Unit, Read, "see the catalogue";
    PolicyView = "policy.view", Unit, Read, "see the policy and try changes out";
    SourceView = "source.view", Unit, Read, "see sources and what they cover";
    ProofView = "proof.view", Unit, Read, "see proofs, checkpoints and certificates";
    LogVerify = "log.verify", Unit, Read, "verify the log";
    LogView = "log.view", Unit, Read, "read the log";
    AuditExport = "audit.export", Unit, Read, "export the log and the evidence";
    ReportExport = "report.export", Unit, Read, "export lists of keys and reports";
    PeopleView = "people.view", Unit, Read, "see people and what they answer for";
    RoleView = "role.view", Unit, Read, "see who holds which role";
    TokenView = "token.view", Account, Read, "list tokens of a person";
    SessionView = "session.view", Account, Read, "list sessions of a person";
    ChannelView = "channel.view", Unit, Read, "see channels and whether they work";
    JobView = "job.view", Unit, Read, "see jobs and runs";
    OffboardPreview = "offboard.preview", Unit, Read, "see what somebody's leaving would leave behind";
    ImportRun = "import.run", Unit, Supply, "import inventories";
    ScanRun = "scan.run", Unit, Supply, "scan places and report what was found";
    EditsImport = "edits.import", Unit, Supply, "bring an edited list back";
    EvidenceAttach = "evidence.attach", Key, Supply, "attach evidence to a key";
    KeyEdit = "key.edit", Key, Work, "state facts of a key";
    KeyComment = "key.comment", Key, Work, "comment on a key";
    OwnerAssign = "owner.assign", Key, Work, "assign the owner of a key";
    OwnerAssignMany = "owner.assign_many", Unit, Work, "assign owners by account, repository or path";
    AskSend = "ask.send", Unit, Work, "ask people about keys";
    AskAnswer = "ask.answer", Ask, Work, "answer a question about keys";
    ExposureTriage = "exposure.triage", Unit, Work, "say what a found copy is and who can read it";
    ExceptionRequest = "exception.request", Key, Work, "request an exception for a key";
    ClassRequest = "exception.request_class", Unit, Work, "request the acceptance of a class of minor keys";
    ExceptionRenew = "exception.renew", Exception, Work, "request the renewal of an exception";
    ExceptionWithdraw = "exception.withdraw", Exception, Work, "withdraw a request for an exception";
    ExceptionEnd = "exception.end", Exception, Work, "end an exception early";
    KeyRequestMake = "key_request.make", Unit, Work, "request a key";
    KeyRequestWithdraw = "key_request.withdraw", KeyRequest, Work, "withdraw a request for a key";
    ReviewStart = "review.start", Unit, Work, "start a campaign";
    ReviewRemind = "review.remind", Review, Work, "remind the people of a campaign";
    ReviewClose = "review.close", Review, Work, "close a campaign";
    KeyRotate = "key.rotate", Key, Work, "rotate a key";
    KeyDisable = "key.disable", Key, Work, "disable a key, which can be undone";
    KeyRevoke = "key.revoke", Key, Work, "revoke a key for good";
    OffboardRun = "offboard.run", Unit, Work, "offboard a person, vendor or integration";
    RunControl = "run.control", Unit, Work, "pause, resume or stop a run";
    DrillRecord = "drill.record", Key, Work, "run a revocation or break-glass drill";
    ExceptionApprove = "exception.approve", Exception, Sign, "approve an exception";
    ExceptionDeny = "exception.deny", Exception, Sign, "deny an exception";
    RiskAccept = "risk.accept", Exception, Sign, "accept the risk of an exception";
    ExceptionReview = "exception.review", Exception, Sign, "review a permanent exception";
    ExceptionReaffirm = "exception.reaffirm", Exception, Sign, "reaffirm an exception whose acceptor left";
    KeyRequestApprove = "key_request.approve", KeyRequest, Sign, "approve a request for a key";
    KeyRequestDeny = "key_request.deny", KeyRequest, Sign, "deny a request for a key";
    KeyAttest = "key.attest", Key, Sign, "attest need, scope, use and ownership of a key";
    PeopleManage = "people.manage", Unit, Administer, "manage the people list";
    RoleAssign = "role.assign", Account, Administer, "give a person a role, or take it away";
    TokenMake = "token.make", Account, Administer, "make a token for a person";
    TokenRevoke = "token.revoke", Account, Administer, "revoke tokens of a person";
    SessionEnd = "session.end", Account, Administer, "end sessions of a person";
    SetupLinkMake = "setup_link.make", Account, Administer, "make a set-up link for a person";
    ChannelManage = "channel.manage", Unit, Administer, "manage channels of notices";
    SourceManage = "source.manage", Unit, Administer, "manage sources and their credentials";
    PolicyChange = "policy.change", Unit, Administer, "put another policy in force";
    JobControl = "job.control", Unit, Administer, "start, retry or stop jobs";
    BackupMake = "backup.make", Unit, Administer, "make a backup";
    BackupRestore = "backup.restore", Unit, Administer, "restore a backup";
    KeyAssess = "key.assess", Key, Carry, "judge a key again";
    ExceptionExpire = "exception.expire", Exception, Carry, "let an exception expire, lapse or reopen on its day";
    NoticeSend = "notice.send", Unit, Carry, "send notices";
    RunStep = "run.step", Unit, Carry, "take the next step of a run";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_act_has_its_own_word_and_phrase() {
        let words: BTreeSet<_> = Action::ALL.iter().map(|act| act.word()).collect();
        let phrases: BTreeSet<_> = Action::ALL.iter().map(|act| act.phrase()).collect();
        assert_eq!(words.len(), Action::ALL.len());
        assert_eq!(phrases.len(), Action::ALL.len());
    }

    #[test]
    fn what_only_lists_and_looks_is_read_and_nothing_else_is() {
        for act in Action::ALL {
            let looks = act.word().rsplit('.').next().is_some_and(|verb| {
                matches!(
                    verb,
                    "list" | "view" | "read" | "verify" | "export" | "preview"
                )
            });
            assert_eq!(act.sort() == Sort::Read, looks, "{act}");
        }
    }
}
