"""The GraphQL API as its callers use it: the ready operation documents, and others.

`SandboxApi` executes them on the sandbox's schema, `SaleorApi` posts them to a real Saleor, and the
`HttpApi` of `over_http` does so over a socket.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import graphene

from tests.scenarios.shop import Customer

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "graphql" / "operations"
#: From where a request comes, if nothing else is said.
ADDRESS = "203.0.113.7"


def operation(name: str) -> str:
    """A ready document, as a storefront copies it."""
    return (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")


def global_id(type_name: str, key: object) -> str:
    return str(graphene.Node.to_global_id(type_name, key))


class Api(ABC):
    @abstractmethod
    def ask(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        customer: Customer | None = None,
        permissions: Collection[str] = (),
        app: bool = False,
        address: str = ADDRESS,
        **headers: str,
    ) -> dict[str, Any]:
        """The whole answer, `errors` included. Asked by a customer, by a member of staff (or an
        app) who holds the permissions named, or by nobody; from an address, with headers as
        Django names them."""

    @abstractmethod
    def trouble(self, answer: dict[str, Any]) -> list[str]:
        """What of the errors of the last answer the shop did not mean to say."""

    @abstractmethod
    def checkout_id(self, checkout: Any) -> str: ...

    def on_this_connection(self) -> AbstractContextManager[None]:
        """While inside, whoever answers asks the database through this thread's connections: what
        is asked can be counted, and taken back."""
        return nullcontext()

    def run(
        self,
        name: str,
        *,
        customer: Customer | None = None,
        permissions: Collection[str] = (),
        app: bool = False,
        **variables: Any,
    ) -> Any:
        """Run a ready document; its data. An error fails the test."""
        answer = self.ask(
            operation(name), variables, customer=customer, permissions=permissions, app=app
        )
        assert "errors" not in answer, answer["errors"]
        return answer["data"]


class SandboxApi(Api):
    def ask(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        customer: Customer | None = None,
        permissions: Collection[str] = (),
        app: bool = False,
        address: str = ADDRESS,
        **headers: str,
    ) -> dict[str, Any]:
        from saleor_referral_plugin.sandbox import clock, models
        from saleor_referral_plugin.sandbox.schema import schema

        account = models.Customer.objects.get(pk=customer.user_ref) if customer else None
        if permissions and not app and account is None:
            # Members of staff have accounts, too.
            account, _ = models.Customer.objects.get_or_create(
                email="staff@example.com", defaults={"registered_at": clock.now()}
            )
        meta = {"REMOTE_ADDR": address, **headers}
        context = SimpleNamespace(customer=account, permissions=permissions, META=meta)
        result = schema.execute(document, variable_values=variables, context_value=context)
        self.errors = result.errors or []
        return dict(result.to_dict())

    def trouble(self, answer: dict[str, Any]) -> list[str]:
        from graphql import GraphQLError
        from saleor_referral_plugin.graphql.host import PermissionDenied

        causes = [getattr(error, "original_error", error) for error in self.errors]
        meant = (GraphQLError, PermissionDenied)
        return [repr(cause) for cause in causes if not isinstance(cause, meant)]

    def checkout_id(self, checkout: Any) -> str:
        return global_id("Checkout", checkout.token)


class SaleorApi(Api):
    def __init__(self) -> None:
        self.tokens: dict[frozenset[str], str] = {}

    def ask(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        customer: Customer | None = None,
        permissions: Collection[str] = (),
        app: bool = False,
        address: str = ADDRESS,
        **headers: str,
    ) -> dict[str, Any]:
        from saleor.account.models import User
        from saleor.core.jwt import create_access_token

        token = self._app_token(permissions) if app else ""
        if customer is not None:
            token = create_access_token(User.objects.get(pk=customer.user_ref))
        elif permissions and not app:
            token = create_access_token(_staff(permissions))
        return self.post({"query": document, "variables": variables}, token, address, headers)

    def post(
        self, body: dict[str, Any], token: str, address: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        from django.test import Client

        response = Client(REMOTE_ADDR=address, **headers).post(
            "/graphql/",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"} if token else None,
        )
        return dict(response.json())

    def _app_token(self, permissions: Collection[str]) -> str:
        held = frozenset(permissions)
        if held not in self.tokens:
            self.tokens[held] = _app_token(permissions)
        return self.tokens[held]

    def trouble(self, answer: dict[str, Any]) -> list[str]:
        # What Saleor did not mean to say it hides.
        errors = answer.get("errors", [])
        return [str(error) for error in errors if error["message"] == "Internal Server Error"]

    def checkout_id(self, checkout: Any) -> str:
        return str(checkout.id)


def _app_token(permissions: Collection[str]) -> str:
    from saleor.app.models import App
    from saleor.permission.models import Permission

    app = App.objects.create(name="CRM", is_active=True)
    codenames = [name.lower() for name in permissions]
    app.permissions.set(Permission.objects.filter(codename__in=codenames))
    return str(app.tokens.create()[1])


def _staff(permissions: Collection[str]) -> Any:
    from saleor.account.models import User
    from saleor.permission.models import Permission

    staff, _ = User.objects.get_or_create(
        email=f"{'-'.join(sorted(permissions))}@example.com".lower(), defaults={"is_staff": True}
    )
    codenames = [name.lower() for name in permissions]
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return staff
