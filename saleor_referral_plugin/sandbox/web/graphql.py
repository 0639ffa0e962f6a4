"""`/graphql/`: the API for programs, and a page to try it for people."""

import json
from base64 import b64encode
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ..postgres import PROJECT
from .visitor import cart_of, channel_of, order_of

_MODULE = "saleor_referral_plugin.sandbox.schema"
#: Ready documents, there when the shop runs from the project's own folder.
_OPERATIONS = PROJECT / "graphql" / "operations"


# Cookies name the customer, so a foreign page must not be able to post here: a form cannot
# send JSON, and a script of another origin may not without being asked for.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def graphql(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _explorer(request)
    if request.content_type != "application/json":
        return _error('Send the query as JSON: {"query": "..."}.', 415)
    schema = _schema()
    if schema is None:
        return _error("This shop has no GraphQL schema.", 404)
    try:
        asked = json.loads(request.body)
        query, variables = asked["query"], asked.get("variables") or {}
        operation = asked.get("operationName")
    except (ValueError, KeyError, TypeError, AttributeError):
        return _error('The body must be {"query": "...", "variables": {...}}.', 400)
    if not isinstance(query, str) or not isinstance(variables, dict):
        return _error("The query must be text, the variables an object.", 400)
    result = schema.execute(
        query, variable_values=variables, operation_name=operation, context_value=request
    )
    return JsonResponse(result.to_dict(), status=400 if result.invalid else 200)


def _explorer(request: HttpRequest) -> HttpResponse:
    operations = [
        (path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(_OPERATIONS.glob("*.graphql"))
    ]
    return render(
        request,
        "referral_sandbox/graphql.html",
        {
            "operations": operations,
            "has_schema": _schema() is not None,
            "channel": channel_of(request),
            "ids": _ids(request),
        },
    )


def _ids(request: HttpRequest) -> dict[str, str]:
    """Global ids of the browser's own things, to try the ready documents with."""
    things = {"Checkout": cart_of(request), "Order": order_of(request)}
    return {
        kind: b64encode(f"{kind}:{thing.pk}".encode()).decode()
        for kind, thing in things.items()
        if thing is not None
    }


@cache
def _schema() -> Any:
    """The sandbox's schema; None where it is not shipped."""
    if find_spec(_MODULE) is None:
        return None
    return import_module(_MODULE).schema


def _error(message: str, status: int) -> JsonResponse:
    return JsonResponse({"errors": [{"message": message}]}, status=status)
