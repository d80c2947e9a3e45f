//! The words that people write above their columns, the best first: where two columns claim a field, the
//! better one has it.

use crate::importer::column_map::Field;

const FIELDS: &[(Field, &str)] = &[
    (
        Field::Name,
        "name, key name, api key name, token name, credential name, secret name, label, \
         key label, title, display name, alias, key alias",
    ),
    (
        Field::KeyId,
        "key id, access key id, api key id, token id, credential id, secret id, \
         key identifier, public id, kid, client id",
    ),
    (
        Field::Provider,
        "provider, vendor, service provider, api provider, issuing provider, supplier, \
         saas, platform, third party, cloud, product, tool",
    ),
    (
        Field::Credential,
        "credential, credential kind, credential type, key type, key kind, token type, \
         type, kind",
    ),
    (
        Field::Account,
        "account, account id, account name, aws account, organisation, organization, org, \
         tenant, workspace, project id, repository, repo, subscription",
    ),
    (
        Field::Secret,
        "secret, secret value, secret key, secret access key, token, token value, \
         key value, api token, api secret, access token, auth token, bearer token, \
         client secret, password, passwd, private key, plaintext, credential value, pat, \
         value",
    ),
    (
        Field::Hint,
        "hint, key hint, last four, last 4, last4, redacted value, masked, masked key, \
         partial key, key prefix, token last eight",
    ),
    (
        Field::Owner,
        "owner, key owner, owner email, owner e mail, owned by, accountable, \
         accountable owner, responsible, responsible person, technical owner, \
         business owner, maintainer, custodian, assignee",
    ),
    (
        Field::System,
        "system, application, app, app name, application name, serves, used in, component, \
         project",
    ),
    (
        Field::CreatedBy,
        "created by, creator, requested by, requester, requestor, added by, issued by, \
         issued to person",
    ),
    (
        Field::Created,
        "created, created at, creation, creation date, date created, issued, issued at, \
         issue date, generated, added, valid from, start date",
    ),
    (
        Field::LastUsed,
        "last used, last used at, last use, last usage, last seen, last activity, \
         last accessed, last access",
    ),
    (Field::LastUsedOffered, "last used offered"),
    (
        Field::Expires,
        "expires, expires at, expiry, expiration, expiry date, expiration date, expire, \
         expires in, valid until, valid to, not after, end date",
    ),
    (Field::Status, "status, state, key status, active, enabled"),
    (
        Field::Runtime,
        "runtime, runtimes, runs on, runs, running on, hosted on, where it runs, \
         execution environment",
    ),
    (
        Field::Consumers,
        "consumers, consumer, consumer count, number of consumers, consuming services, \
         clients, workloads",
    ),
];

const TAGS: &[(&str, &str)] = &[
    (
        "environment",
        "environment, env, stage, deployment environment",
    ),
    (
        "purpose",
        "purpose, use, use case, usage, used for, reason, what for",
    ),
    (
        "notes",
        "notes, note, comment, comments, remark, remarks, description",
    ),
    (
        "scope",
        "scope, scopes, permission, permissions, rights, access, access level, role, \
         roles",
    ),
    (
        "team",
        "team, owning team, department, squad, business unit, group",
    ),
    ("contact", "contact, contact person, email, e mail, mail"),
];

/// The field that a header in normal form names, and how good a name it is; 0 is the best.
pub(super) fn field(words: &str) -> Option<(Field, usize)> {
    let rank = |names: &str| names.split(", ").position(|name| name == words);
    let fields = FIELDS.iter();
    fields
        .filter_map(|(field, names)| Some((field.clone(), rank(names)?)))
        .chain(
            TAGS.iter()
                .filter_map(|(tag, names)| Some((Field::Tag((*tag).to_owned()), rank(names)?))),
        )
        .next()
}
