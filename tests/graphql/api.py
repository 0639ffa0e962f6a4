"""The GraphQL API as its callers use it: the ready operation documents, and others.

`SandboxApi` executes them on the sandbox's schema, `SaleorApi` posts them to a real Saleor.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import graphene

from tests.scenarios.shop import Customer

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "graphql" / "operations"


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
    ) -> dict[str, Any]:
        """The whole answer, `errors` included. Asked by a customer, by a member of staff who
        holds the permissions named, or by nobody."""

    @abstractmethod
    def checkout_id(self, checkout: Any) -> str: ...

    def run(self, name: str, *, customer: Customer | None = None, **variables: Any) -> Any:
        """Run a ready document; its data. An error fails the test."""
        answer = self.ask(operation(name), variables, customer=customer)
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
    ) -> dict[str, Any]:
        from saleor_referral_plugin.sandbox import models
        from saleor_referral_plugin.sandbox.schema import schema

        account = models.Customer.objects.get(pk=customer.user_ref) if customer else None
        context = SimpleNamespace(customer=account, permissions=permissions)
        result = schema.execute(document, variable_values=variables, context_value=context)
        return dict(result.to_dict())

    def checkout_id(self, checkout: Any) -> str:
        return global_id("Checkout", checkout.token)


class SaleorApi(Api):
    def ask(
        self,
        document: str,
        variables: dict[str, Any] | None = None,
        *,
        customer: Customer | None = None,
        permissions: Collection[str] = (),
    ) -> dict[str, Any]:
        from django.test import Client
        from saleor.account.models import User
        from saleor.core.jwt import create_access_token

        user = _staff(permissions) if permissions else None
        if customer is not None:
            user = User.objects.get(pk=customer.user_ref)
        response = Client().post(
            "/graphql/",
            json.dumps({"query": document, "variables": variables}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {create_access_token(user)}"} if user else None,
        )
        return dict(response.json())

    def checkout_id(self, checkout: Any) -> str:
        return str(checkout.id)


def _staff(permissions: Collection[str]) -> Any:
    from saleor.account.models import User
    from saleor.permission.models import Permission

    staff, _ = User.objects.get_or_create(
        email=f"{'-'.join(sorted(permissions))}@example.com".lower(), defaults={"is_staff": True}
    )
    codenames = [name.lower() for name in permissions]
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return staff
