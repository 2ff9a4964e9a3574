"""What the document tells of the vendor's v2 routes: customers, transactions, behavioural events."""

from collections.abc import Mapping

from milepost.api.capillary.answer import BulkAnswer, CustomerAnswer, Failure, TransactionAnswer
from milepost.api.capillary.v2.customers.details import CustomerEntity, WholeCustomer
from milepost.api.capillary.v2.customers.identifier_routes import NamesBody
from milepost.api.capillary.v2.customers.merge_routes import MergeRequest, RequestsAnswer
from milepost.api.capillary.v2.customers.routes import ChangeBody, RegistrationBody
from milepost.api.capillary.v2.event_definitions.answer import DefinitionBody, DoneShape, FoundPageShape, MetaShape
from milepost.api.capillary.v2.request_shapes import (
    BulkTransaction,
    MixedTransaction,
    RegularTransaction,
    ReturnTransaction,
)
from milepost.api.http.attribution import HEADERS
from milepost.api.http.route import ADMIN, EVENTS, READ, READING, Body, Route

_DETAILS = Route(READ, WholeCustomer, statuses=READING)
_NAMING = ("identifierName", "identifierValue")

SECOND: Mapping[tuple[str, str], Route] = {
    ("post", "/v2/customers"): Route(EVENTS, CustomerAnswer, Body((RegistrationBody,)), headers=HEADERS),
    ("get", "/v2/customers"): _DETAILS,
    ("get", "/v2/customers/lookup"): Route(READ, CustomerEntity, statuses=READING),
    ("get", "/v2/customers/lookup/customerDetails"): _DETAILS,
    ("get", "/v2/customers/{customer_id}"): _DETAILS,
    ("put", "/v2/customers/{customer_id}"): Route(EVENTS, CustomerAnswer, Body((ChangeBody,)), headers=HEADERS),
    ("post", "/v2/customers/{customer_id}/changeIdentifier"): Route(
        EVENTS, CustomerAnswer, Body((NamesBody,)), headers=HEADERS
    ),
    ("post", "/v2/requests"): Route(
        ADMIN, RequestsAnswer, Body((MergeRequest,), listed=True), query=("client_auto_approve",), headers=HEADERS
    ),
    ("post", "/v2/transactions"): Route(
        EVENTS,
        TransactionAnswer,
        Body((RegularTransaction, ReturnTransaction, MixedTransaction)),
        query=_NAMING,
        refused=(TransactionAnswer, Failure),
        headers=HEADERS,
    ),
    ("post", "/v2/transactions/bulk"): Route(
        EVENTS, BulkAnswer, Body((BulkTransaction,), alone=False, listed=True), headers=HEADERS
    ),
    ("post", "/v2/events"): Route(ADMIN, DoneShape, Body((DefinitionBody,))),
    ("put", "/v2/events"): Route(ADMIN, DoneShape, Body((DefinitionBody,))),
    ("put", "/v2/events/disable"): Route(ADMIN, DoneShape, statuses=READING),
    ("get", "/v2/events/meta"): Route(READ, MetaShape, statuses=READING),
    ("get", "/v2/events/search"): Route(
        READ,
        FoundPageShape,
        query=(
            *("userIdentifierType", "userIdentifierValue", "eventName", "eventId", "fromDate", "tillDate"),
            *("isDuplicate", "includeSideEffects", "sortOrder", "limit", "offset"),
        ),
        statuses=READING,
    ),
}
