"""What schemathesis must not do: saw off the branch that it sits on. Calls that would revoke the token of the run, or
take its person's roles or sessions, go to one that there is none of."""

import os

import schemathesis

NOBODY = "nobody@northwind.example"


@schemathesis.hook
def before_call(context, case, kwargs):
    names = case.path_parameters or {}
    if case.method.upper() == "GET":
        return
    if names.get("token") == os.environ["TENURE_API_TOKEN_ID"]:
        names["token"] = "another"
    if names.get("person") == os.environ["TENURE_API_PERSON"]:
        names["person"] = NOBODY
