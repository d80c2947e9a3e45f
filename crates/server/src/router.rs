//! The whole surface on one page: every address, who may call it, and who answers.

use crate::{
    answer::Page,
    api::{
        accounts, asks, assessment, catalogue, channels, containers, exceptions, imports, keys,
        log, me, owners, people, policy, remarks, requests, reviews, runs, sources,
    },
    door,
    error::Problem,
    guard::{self, Gate},
    headers,
    house::{House, Role},
    openapi, ops,
    route::{Route, delete, get, post, put},
};
use axum::{
    Router,
    http::header,
    middleware,
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use std::sync::Arc;
use tenure_app::{
    register::{
        Ask, Comment, ExceptionCounts, Nudged, Preview, Reassessed, Remarks, RequestShown,
        ReviewShown, Shown, Stated, StoredRule,
    },
    sunsets::SunsetDate,
};
use tenure_model::{
    access::Action as A, ask::Plan, attest::Item, backlog::Standing, explain::Answer,
    key_request::Forecast,
};
use tower_http::catch_panic::CatchPanicLayer;

/// Every route. A test calls each as every role; the API's document is made of the same list.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    let mut all = vec![
        // For those who run the server.
        get("/healthz", ops::health).public().gives_text("text/plain").says("Is it alive"),
        get("/readyz", ops::ready).public().gives_text("text/plain").says("Does its database answer"),
        get("/metrics", ops::metrics).public().gives_text(ops::METRICS).says("Counts, for Prometheus"),

        // In and out.
        get("/login", door::login).public().query::<door::Return>().gives_page().says("Where to sign in"),
        get("/login/start", door::start).door().query::<door::Return>().leads_away().says("To the identity provider"),
        get("/login/callback", door::back).door().leads_away().says("Back from there"),
        post("/logout", door::logout).takes_form().leads_away().says("Sign out"),
        get("/setup", door::setup).door().query::<door::SetupToken>().gives_page().says("Look at a set-up link"),
        post("/setup", door::redeem).door().takes_form().leads_away().says("Use a set-up link"),

        // Keys.
        get("/api/v1/keys", keys::list).needs(&[A::KeyList]).query::<keys::Wanted>().gives::<Page<keys::Row>>().says("List keys: filters, order, pages"),
        get("/api/v1/keys/{key}", keys::one).needs(&[A::KeyView]).gives::<keys::One>().says("One key"),
        get("/api/v1/keys/{key}/facts", keys::facts).needs(&[A::KeyView]).gives::<Page<keys::Fact>>().says("Its facts over time"),
        get("/api/v1/keys/{key}/decisions", keys::decisions).needs(&[A::KeyView]).gives::<Page<keys::Decided>>().says("What was decided of it"),
        get("/api/v1/keys/{key}/history", keys::events).needs(&[A::KeyView]).query::<keys::Limit>().gives::<Page<keys::Happened>>().says("What happened to it"),
        get("/api/v1/keys/{key}/controls", keys::controls).needs(&[A::KeyView]).gives::<Page<tenure_model::assessment::ControlNote>>().says("Its controls"),
        get("/api/v1/keys/{key}/exceptions", keys::kept_exceptions).needs(&[A::KeyView]).gives::<Page<keys::Exception>>().says("Its exceptions"),
        get("/api/v1/keys/{key}/owner", owners::one).needs(&[A::KeyView]).gives::<Option<owners::Owner>>().says("Who was made to answer for it"),
        put("/api/v1/keys/{key}/owner", owners::assign).needs(&[A::OwnerAssign]).takes::<owners::Assign>().gives::<Option<owners::Owner>>().conditional().long().says("Make somebody answer for it"),
        delete("/api/v1/keys/{key}/owner", owners::take_away).needs(&[A::OwnerAssign]).conditional().long().says("Take its owner away"),
        get("/api/v1/key-count", keys::count).needs(&[A::KeyList]).query::<keys::Wanted>().gives::<keys::Count>().says("Count keys"),
        get("/api/v1/key-facets", keys::facets).needs(&[A::KeyList]).gives::<std::collections::BTreeMap<tenure_app::register::Facet, Vec<keys::Share>>>().says("Which values keys have, and how many"),
        post("/api/v1/owner-assignments", owners::assign_many).needs(&[A::OwnerAssign]).takes::<owners::AssignMany>().gives::<owners::Assigned>().long().says("Make somebody answer for several keys"),

        // Exceptions.
        get("/api/v1/exceptions", exceptions::list).needs(&[A::ExceptionList]).query::<exceptions::Wanted>().gives::<Page<Shown>>().says("Exceptions that wait or were granted, or those of a stage"),
        post("/api/v1/exceptions", exceptions::request).needs(&[A::ExceptionRequest]).takes::<exceptions::ForKey>().makes::<Shown>().says("Ask for an exception for a key"),
        get("/api/v1/exceptions/{exception}", exceptions::one).needs(&[A::ExceptionView]).gives::<Shown>().says("One exception, with its statement"),
        post("/api/v1/exceptions/{exception}/approval", exceptions::approve).needs(&[A::ExceptionApprove]).takes::<exceptions::Signed>().gives::<Shown>().says("Approve it"),
        post("/api/v1/exceptions/{exception}/acceptance", exceptions::accept).needs(&[A::RiskAccept]).takes::<exceptions::Signed>().gives::<Shown>().says("Accept its risk"),
        post("/api/v1/exceptions/{exception}/denial", exceptions::deny).needs(&[A::ExceptionDeny]).takes::<exceptions::Closed>().gives::<Shown>().says("Deny it"),
        post("/api/v1/exceptions/{exception}/withdrawal", exceptions::withdraw).needs(&[A::ExceptionWithdraw]).takes::<exceptions::Closed>().gives::<Shown>().says("Withdraw it"),
        post("/api/v1/exceptions/{exception}/end", exceptions::end).needs(&[A::ExceptionEnd]).takes::<exceptions::Closed>().gives::<Shown>().says("End it"),
        post("/api/v1/exceptions/{exception}/review", exceptions::review).needs(&[A::ExceptionReview]).takes::<exceptions::Signed>().gives::<Shown>().says("Review it"),
        post("/api/v1/exceptions/{exception}/reaffirmation", exceptions::reaffirm).needs(&[A::ExceptionReaffirm]).takes::<exceptions::Signed>().gives::<Shown>().says("Reaffirm it, where its acceptor left"),
        post("/api/v1/exceptions/{exception}/renewal", exceptions::renew).needs(&[A::ExceptionRenew]).takes::<exceptions::Longer>().makes::<Shown>().says("Ask for another term"),
        post("/api/v1/exceptions/{exception}/restatement", exceptions::restate).needs(&[A::ExceptionRenew]).makes::<Shown>().says("Ask again with what is true now"),
        get("/api/v1/exceptions/{exception}/remarks", remarks::of_exception).needs(&[A::KeyView]).gives::<Remarks>().says("Comments and files about it"),
        post("/api/v1/exceptions/{exception}/comments", remarks::on_exception).needs(&[A::KeyComment]).takes::<remarks::Says>().gives::<Comment>().says("Say something about it"),
        get("/api/v1/exception-counts", exceptions::counts).needs(&[A::ExceptionList]).gives::<ExceptionCounts>().says("How many exceptions stand how"),
        post("/api/v1/class-exceptions", exceptions::request_class).needs(&[A::ClassRequest]).takes::<exceptions::ForClass>().makes::<Shown>().says("Ask for an exception for a class of minor keys"),

        // The front door.
        get("/api/v1/key-requests", requests::list).query::<requests::Wanted>().gives::<Page<RequestShown>>().says("Requests for keys, of those that the caller may see"),
        post("/api/v1/key-requests", requests::make).needs(&[A::KeyRequestMake]).takes::<requests::Wished>().makes::<RequestShown>().says("Ask for a key"),
        get("/api/v1/key-requests/{request}", requests::one).needs(&[A::KeyRequestView]).gives::<RequestShown>().says("One request, with its statement"),
        post("/api/v1/key-requests/{request}/approval", requests::approve).needs(&[A::KeyRequestApprove]).takes::<exceptions::Signed>().gives::<RequestShown>().says("Approve it: the key may be issued"),
        post("/api/v1/key-requests/{request}/denial", requests::deny).needs(&[A::KeyRequestDeny]).takes::<exceptions::Closed>().gives::<RequestShown>().says("Deny it"),
        post("/api/v1/key-requests/{request}/withdrawal", requests::withdraw).needs(&[A::KeyRequestWithdraw]).takes::<exceptions::Closed>().gives::<RequestShown>().says("Withdraw it"),
        post("/api/v1/key-forecast", requests::forecast).needs(&[A::PolicyView]).takes::<requests::Wished>().gives::<Forecast>().harmless().says("What the rules would say of a key"),

        // Campaigns.
        get("/api/v1/reviews", reviews::list).query::<reviews::Wanted>().gives::<Page<ReviewShown>>().says("Campaigns, of those that the caller may see"),
        post("/api/v1/reviews", reviews::start).needs(&[A::ReviewStart]).takes::<reviews::Start>().makes::<ReviewShown>().says("Start a campaign"),
        get("/api/v1/reviews/{review}", reviews::one).needs(&[A::ReviewView]).gives::<ReviewShown>().says("One campaign"),
        post("/api/v1/reviews/{review}/reminders", reviews::remind).needs(&[A::ReviewRemind]).gives::<ReviewShown>().says("Remind whom it waits for"),
        post("/api/v1/reviews/{review}/answers", reviews::answer).needs(&[A::KeyAttest]).takes::<reviews::Attest>().gives::<Item>().says("Answer about one key"),
        post("/api/v1/reviews/{review}/close", reviews::close).needs(&[A::ReviewClose]).gives::<ReviewShown>().says("Close it"),

        // Whom to ask.
        get("/api/v1/ask-plan", asks::plan).needs(&[A::AskSend]).gives::<Plan>().says("Whom to ask about which keys"),
        get("/api/v1/asks", asks::list).query::<asks::Wanted>().gives::<Page<Ask>>().says("Questions, of those that the caller may see"),
        post("/api/v1/asks", asks::send).needs(&[A::AskSend]).takes::<asks::Send>().gives::<Page<Ask>>().says("Ask people"),
        get("/api/v1/asks/{ask}", asks::one).needs(&[A::AskView]).gives::<Ask>().says("One question"),
        post("/api/v1/asks/{ask}/answers", asks::answer).needs(&[A::AskAnswer]).takes::<asks::Answers>().gives::<Reassessed>().says("Answer it"),
        post("/api/v1/ask-reminders", asks::remind).gives::<Nudged>().says("Remind who is silent"),
        get("/api/v1/backlog", asks::backlog).needs(&[A::KeyList]).gives::<Standing>().says("How the keys without an owner are worked off"),

        // What people say of keys.
        get("/api/v1/keys/{key}/stated-facts", remarks::stated).needs(&[A::KeyView]).gives::<Page<Stated>>().says("What was stated of it here"),
        post("/api/v1/keys/{key}/stated-facts", remarks::state).needs(&[A::KeyEdit]).takes::<remarks::States>().gives::<Reassessed>().says("State facts of it, or take them back"),
        get("/api/v1/keys/{key}/remarks", remarks::of_key).needs(&[A::KeyView]).gives::<Remarks>().says("Comments and files about it"),
        post("/api/v1/keys/{key}/comments", remarks::on_key).needs(&[A::KeyComment]).takes::<remarks::Says>().gives::<Comment>().says("Say something about it"),

        // Containers.
        get("/api/v1/containers", containers::list).needs(&[A::PeopleView]).gives::<Page<StoredRule>>().says("Owners and units by container"),
        put("/api/v1/containers", containers::set).needs(&[A::OwnerAssignMany]).takes::<containers::Holds>().gives::<Reassessed>().long().says("Set owner and unit of a container"),
        delete("/api/v1/containers", containers::drop_one).needs(&[A::OwnerAssignMany]).query::<containers::Wanted>().gives::<Reassessed>().long().says("Drop what was set for a container"),
        post("/api/v1/container-preview", containers::preview).needs(&[A::OwnerAssignMany]).takes::<containers::Holds>().gives::<Preview>().harmless().says("What setting it would do"),

        // Everything at once.
        get("/api/v1/assessment", assessment::whole).needs(&[A::KeyList]).gives::<tenure_model::assessment::Assessment>().long().says("Every living key, as tenure assess gives it"),
        post("/api/v1/assessment", assessment::again).needs(&[A::JobControl]).gives::<assessment::Judged>().harmless().long().says("Judge every key again"),
        get("/api/v1/summary", assessment::summary).needs(&[A::KeyList]).gives::<tenure_model::assessment::Summary>().long().says("The counts that open a report"),
        get("/api/v1/top", assessment::top).needs(&[A::KeyList]).gives::<assessment::Top>().long().says("What ends and what decides the most keys"),
        get("/api/v1/sunsets", catalogue::sunsets).needs(&[A::CatalogView, A::KeyList]).gives::<Page<SunsetDate>>().long().says("Dates on which vendors end kinds of keys, and the keys that each hits"),

        // Where it comes from.
        get("/api/v1/sources", sources::list).needs(&[A::SourceView]).gives::<Page<sources::Source>>().says("What was imported or searched"),
        get("/api/v1/sources/{source}", sources::one).needs(&[A::SourceView]).gives::<sources::Source>().says("One source"),
        get("/api/v1/coverage", sources::coverage).needs(&[A::SourceView]).gives::<Page<tenure_model::key::Coverage>>().says("How much of which source was read"),
        get("/api/v1/channels", channels::list).needs(&[A::ChannelManage]).gives::<Page<channels::Channel>>().says("Where notices go, and how each channel does"),
        post("/api/v1/channels/{channel}/try", channels::try_one).needs(&[A::ChannelManage]).gives::<channels::Channel>().says("Send a message that says nothing but that the channel works"),
        get("/api/v1/source-kinds", sources::kinds).needs(&[A::SourceView]).gives::<Page<sources::Kind>>().says("Kinds of exports that can be imported"),
        post("/api/v1/imports", imports::upload).needs(&[A::ImportRun]).query::<imports::Upload>().takes_bytes().makes::<imports::Done>().harmless().long().says("Import an export, and judge every key again"),
        get("/api/v1/runs", runs::list).needs(&[A::JobView]).query::<runs::Limit>().gives::<Page<runs::Run>>().says("The latest runs"),
        get("/api/v1/runs/{run}", runs::one).needs(&[A::JobView]).gives::<runs::Run>().says("One run"),
        get("/api/v1/jobs", runs::jobs).needs(&[A::JobView]).gives::<runs::Jobs>().says("How many jobs wait, are held, were given up"),

        // People and accounts.
        get("/api/v1/people", people::list).needs(&[A::PeopleView]).gives::<Page<people::Person>>().says("The people list"),
        get("/api/v1/people/{person}", people::one).needs(&[A::PeopleView]).gives::<people::Person>().says("One of them"),
        get("/api/v1/roles", accounts::roles).needs(&[A::RoleView]).gives::<Page<accounts::RoleActs>>().says("What each role may do"),
        get("/api/v1/accounts", accounts::list).needs(&[A::RoleView]).query::<accounts::Paged>().gives::<Page<accounts::Account>>().says("Who can call, with their roles"),
        get("/api/v1/accounts/{person}", accounts::one).needs(&[A::RoleView]).gives::<accounts::Account>().says("One account"),
        put("/api/v1/accounts/{person}/roles", accounts::set_roles).needs(&[A::RoleAssign]).takes::<accounts::Roles>().gives::<accounts::Account>().conditional().says("Give and take roles; makes the account where there is none"),
        post("/api/v1/accounts/{person}/setup-links", accounts::make_link).needs(&[A::SetupLinkMake]).makes::<accounts::Link>().told_once().says("Make a set-up link"),
        get("/api/v1/accounts/{person}/sessions", accounts::sessions).needs(&[A::SessionView]).gives::<Page<accounts::Session>>().says("Their sessions"),
        delete("/api/v1/accounts/{person}/sessions", accounts::end_sessions).needs(&[A::SessionEnd]).says("End all of them"),
        delete("/api/v1/accounts/{person}/sessions/{session}", accounts::end_session).needs(&[A::SessionEnd]).says("End one of them"),
        get("/api/v1/accounts/{person}/tokens", accounts::tokens).needs(&[A::TokenView]).gives::<Page<accounts::Token>>().says("Their tokens"),
        delete("/api/v1/accounts/{person}/tokens/{token}", accounts::revoke_token).needs(&[A::TokenRevoke]).says("Revoke one of them"),

        // Who calls.
        get("/api/v1/me", me::me).gives::<me::Me>().says("Who calls"),
        get("/api/v1/me/sessions", me::sessions).gives::<Page<accounts::Session>>().says("One's own sessions"),
        delete("/api/v1/me/sessions", me::end_sessions).says("End all of them"),
        delete("/api/v1/me/sessions/{session}", me::end_session).says("End one of them"),
        get("/api/v1/me/tokens", me::tokens).gives::<Page<accounts::Token>>().says("One's own tokens"),
        post("/api/v1/me/tokens", me::make_token).takes::<me::WantedToken>().makes::<me::NewToken>().told_once().says("Make a token, whose text is shown once"),
        delete("/api/v1/me/tokens/{token}", me::revoke_token).says("Revoke one of them"),

        // The log.
        get("/api/v1/log/events", log::events).needs(&[A::LogView]).query::<log::Wanted>().gives::<Page<log::Entry>>().says("Events, newest first"),
        get("/api/v1/log/events/{index}", log::event).needs(&[A::LogView]).gives::<log::Entry>().says("One event"),
        get("/api/v1/log/checkpoint", log::checkpoint).needs(&[A::ProofView]).gives::<log::Checkpoint>().says("The log as it stands, signed"),
        get("/api/v1/log/key", log::key).needs(&[A::ProofView]).gives::<log::LogKey>().says("The public key of the log"),
        get("/api/v1/log/inclusion", log::inclusion).needs(&[A::ProofView]).query::<log::OfEvent>().gives::<log::Inclusion>().says("Proof that an event is in the log"),
        get("/api/v1/log/consistency", log::consistency).needs(&[A::ProofView]).query::<log::Between>().gives::<log::Consistency>().says("Proof that the log only grew"),
        get("/api/v1/log/verification", log::verify).needs(&[A::LogVerify]).gives::<log::Verified>().long().says("Check the whole log against its checkpoint"),
        get("/api/v1/log/export", log::export).needs(&[A::AuditExport]).query::<log::Exported>().gives_text(log::LINES).long().says("The whole log, to be verified offline, or as OCSF"),

        // What is judged by.
        get("/api/v1/catalogue", catalogue::list).needs(&[A::CatalogView]).gives::<Page<catalogue::Provider>>().says("The providers that are known"),
        get("/api/v1/catalogue/{provider}", catalogue::one).needs(&[A::CatalogView]).gives::<catalogue::Whole>().says("All that is known of one"),
        get("/api/v1/policy", policy::show).needs(&[A::PolicyView]).gives::<policy::InForce>().says("The policy in force"),
        post("/api/v1/decide", policy::decide).needs(&[A::PolicyView]).takes::<serde_json::Map<String, Value>>().gives::<Answer>().harmless().says("What follows from facts: the rules on their own"),
    ];
    all.extend(console());
    all
}

/// The pages of the console. The token of their forms is one for a session: `door::csrf` makes it.
#[rustfmt::skip]
fn console() -> Vec<Route> {
    use crate::page::{
        act, decisions, demo, exceptions, file, keys, places, requests, reviews, settings, today,
    };
    vec![
        get("/static/{hash}/{name}", file).public().gives_page().says("A file that pages load"),
        get("/", today::today).gives_page().says("Today"),
        post("/theme", act::theme).takes_form().leads_away().says("Light or dark"),
        post("/demo/role", demo::role).door().takes_form().leads_away().says("Take a role of the example"),
        post("/demo/clock", demo::clock).takes_form().leads_away().long().says("Move the clock of the example"),
        post("/judge", act::judge).needs(&[A::JobControl]).takes_form().leads_away().long().says("Judge every key again"),
        get("/search", places::search).needs(&[A::KeyList]).query::<places::Words>().gives_page().says("Find a key, a person or a system"),

        get("/keys", keys::list).needs(&[A::KeyList]).gives_page().says("Keys"),
        post("/keys/bulk", keys::preview).needs(&[A::KeyView]).takes_form().gives_page().says("What an act on many keys would do"),
        post("/keys/bulk/assign", keys::assign_many).needs(&[A::OwnerAssign]).takes_form().leads_away().long().says("Assign the owner of many keys"),
        get("/keys/{key}", keys::one).needs(&[A::KeyView]).gives_page().says("One key"),
        get("/keys/{key}/owner", keys::owner).needs(&[A::KeyView]).gives_page().says("Whom to make answer for it"),
        post("/keys/{key}/owner", keys::assign).needs(&[A::OwnerAssign]).takes_form().leads_away().says("Make somebody answer for it"),
        post("/keys/{key}/comments", keys::comment).needs(&[A::KeyView, A::KeyComment]).takes_form().leads_away().says("Say something about it"),
        post("/keys/{key}/attachments", keys::attach).needs(&[A::KeyView, A::EvidenceAttach]).takes_upload().leads_away().says("Keep a file beside it"),
        get("/keys/{key}/exception", keys::exception).needs(&[A::KeyView]).gives_page().says("What to ask an exception with"),
        post("/keys/{key}/exception", keys::request).needs(&[A::ExceptionRequest]).takes_form().leads_away().says("Ask for an exception"),

        get("/decisions", decisions::list).needs(&[A::ExceptionList]).gives_page().says("What waits for a signature"),
        get("/decisions/{exception}", decisions::one).needs(&[A::ExceptionList]).gives_page().says("One of them, with its statement"),
        post("/decisions/{exception}", decisions::sign).needs(&[A::ExceptionView]).takes_form().leads_away().says("Sign, deny or ask"),
        get("/exceptions/{exception}", decisions::statement).needs(&[A::ExceptionView]).gives_page().says("A statement, to be printed"),

        get("/exceptions/{exception}/renew", exceptions::renewing).needs(&[A::ExceptionView]).gives_page().says("What to renew it with"),
        post("/exceptions/{exception}/renew", exceptions::renew).needs(&[A::ExceptionView, A::ExceptionRenew]).takes_form().leads_away().says("Ask for another term"),
        get("/exceptions/{exception}/restate", exceptions::restating).needs(&[A::ExceptionView]).gives_page().says("What asking again means"),
        post("/exceptions/{exception}/restate", exceptions::restate).needs(&[A::ExceptionView, A::ExceptionRenew]).takes_form().leads_away().says("Ask again with what is true now"),
        get("/exceptions/{exception}/withdraw", exceptions::withdrawing).needs(&[A::ExceptionView]).gives_page().says("Why to withdraw it"),
        post("/exceptions/{exception}/withdraw", exceptions::withdraw).needs(&[A::ExceptionView, A::ExceptionWithdraw]).takes_form().leads_away().says("Withdraw a request"),
        get("/exceptions/{exception}/end", exceptions::ending).needs(&[A::ExceptionView]).gives_page().says("Why to end it"),
        post("/exceptions/{exception}/end", exceptions::end).needs(&[A::ExceptionView, A::ExceptionEnd]).takes_form().leads_away().long().says("End it before its day"),
        get("/requests/new", requests::asking).needs(&[A::KeyRequestMake]).gives_page().says("What to ask for a key with"),
        post("/requests/new", requests::ask).needs(&[A::KeyRequestMake]).takes_form().leads_away().says("Ask for a key"),
        get("/reviews/{review}", reviews::next).needs(&[A::ReviewView]).gives_page().says("The next key to attest"),
        post("/reviews/{review}", reviews::answer).needs(&[A::KeyAttest]).takes_form().leads_away().long().says("Attest one key"),

        get("/answers", act::mine).gives_page().says("What one is asked"),
        get("/answers/{ask}", act::answers).needs(&[A::AskView]).gives_page().says("A question about one's keys"),
        post("/answers/{ask}", act::answer).needs(&[A::AskAnswer]).takes_form().leads_away().says("Answer it"),
        get("/attachments/{file}", places::attachment).needs(&[A::EvidenceRead]).gives_text("application/octet-stream").says("A file that is kept as evidence"),

        get("/exposures", places::exposures).needs(&[A::ExposureView]).query::<places::After>().gives_page().says("Keys of which copies were seen"),
        get("/work", places::work).needs(&[A::JobView]).gives_page().says("Cases and jobs"),
        get("/proof", places::proof).needs(&[A::LogView]).query::<places::Log>().gives_page().says("The log"),
        post("/proof/verify", places::verify).needs(&[A::LogVerify, A::LogView]).takes_form().gives_page().long().says("Check the whole log"),
        get("/catalogue", places::catalogue).needs(&[A::CatalogView]).query::<places::Words>().gives_page().says("The catalogue"),
        get("/catalogue/{provider}", places::provider).needs(&[A::CatalogView]).gives_page().says("One provider"),

        get("/settings", settings::first).leads_away().says("Settings"),
        get("/settings/sources", settings::sources).needs(&[A::SourceView]).gives_page().says("Sources and their health"),
        get("/settings/policy", settings::policy).needs(&[A::PolicyView]).gives_page().says("The policy in force"),
        post("/settings/policy/what-if", settings::what_if).needs(&[A::PolicyView, A::KeyList]).takes_form().gives_page().long().says("What another policy would do"),
        get("/settings/people", settings::people).needs(&[A::PeopleView]).query::<settings::Find>().gives_page().says("People"),
        get("/settings/roles", settings::roles).needs(&[A::RoleView]).gives_page().says("Who holds which role"),
        post("/settings/roles", settings::give_role).needs(&[A::RoleView, A::RoleAssign]).takes_form().leads_away().says("Give a role"),
        post("/settings/roles/take", settings::take_role).needs(&[A::RoleView, A::RoleAssign]).takes_form().leads_away().says("Take a role away"),
        get("/settings/channels", settings::channels).needs(&[A::ChannelManage]).gives_page().says("Where notices go"),
        post("/settings/channels/try", settings::try_channel).needs(&[A::ChannelManage]).takes_form().leads_away().says("Try a channel"),
        get("/settings/tokens", settings::tokens).gives_page().says("One's tokens"),
        post("/settings/tokens", settings::make_token).takes_form().gives_page().says("Make a token"),
        post("/settings/tokens/revoke", settings::revoke_token).takes_form().leads_away().says("Revoke one"),
        get("/settings/sessions", settings::sessions).gives_page().says("One's sessions"),
        post("/settings/sessions/{session}/end", settings::end_session).takes_form().leads_away().says("End one"),
    ]
}

/// What a process answers that does nothing but work.
const OF_EACH: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The server as a service.
pub fn router(house: &House) -> Router {
    let routes = routes();
    let document: Arc<str> = openapi::document(&routes).to_string().into();
    let answers = house.settings.role != Role::Worker;
    let mut all = Router::new();
    for route in routes
        .into_iter()
        .filter(|route| answers || OF_EACH.contains(&route.path))
    {
        let gate = Arc::new(Gate::of(&route));
        let state = (house.clone(), gate);
        let handler = route
            .handler
            .layer(middleware::from_fn_with_state(state, guard::guard));
        all = all.route(route.path, handler);
    }
    let told = move || async move {
        (
            [(header::CONTENT_TYPE, "application/json")],
            document.to_string(),
        )
            .into_response()
    };
    if answers {
        all = all.route("/openapi.json", axum::routing::get(told));
    }
    all.fallback(ops::nothing_here)
        .method_not_allowed_fallback(ops::not_so)
        .layer(CatchPanicLayer::custom(fell))
        .layer(middleware::from_fn_with_state(
            house.clone(),
            headers::dress,
        ))
        .with_state(house.clone())
}

/// A handler that fell over: the log has what it said, the caller has nothing of it.
fn fell(said: Box<dyn std::any::Any + Send + 'static>) -> Response {
    drop(said);
    Problem::ours(&"a handler panicked").into_response()
}
