"""Graphene base classes of the sandbox's schema, with the manners of Saleor's: the same
descriptions, error lists and options, so that our part of the schema comes out the same."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any

import graphene
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from graphene.types.mutation import MutationOptions
from graphene.types.objecttype import ObjectTypeOptions
from graphene.utils.str_converters import to_camel_case
from promise import Promise
from promise.dataloader import DataLoader as PromiseDataLoader

PAGE_LIMIT = 100


class Permission(Enum):
    """Who may see what; a request carries the names it holds."""

    MANAGE_APPS = "manage_apps"
    MANAGE_DISCOUNTS = "manage_discounts"
    MANAGE_ORDERS = "manage_orders"
    MANAGE_USERS = "manage_users"
    OWNER = "owner"
    AUTHENTICATED_USER = "authenticated_user"


class PermissionDenied(Exception):
    def __init__(self, *, permissions: Collection[Permission]):
        names = ", ".join(permission.name for permission in permissions)
        super().__init__(f"To access this path, you need one of the following permissions: {names}")


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    type: str
    description: str


class NonNullList(graphene.List):
    def __init__(self, of_type: Any, *args: Any, **kwargs: Any):
        super().__init__(graphene.NonNull(of_type), *args, **kwargs)


class BaseObjectType(graphene.ObjectType):
    @classmethod
    def __init_subclass_with_meta__(cls, doc_category: str | None = None, **options: Any) -> None:
        cls.doc_category = doc_category
        super().__init_subclass_with_meta__(**options)


class ModelOptions(ObjectTypeOptions):
    model = None


class ModelObjectType(BaseObjectType):
    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls, doc_category: str | None = None, model: Any = None, **options: Any
    ) -> None:
        meta = ModelOptions(cls)
        meta.model = model
        super().__init_subclass_with_meta__(doc_category, _meta=meta, **options)


class BaseEnum(graphene.Enum):
    @classmethod
    def __init_subclass_with_meta__(
        cls, enum: Any = None, doc_category: str | None = None, **options: Any
    ) -> None:
        cls.doc_category = doc_category
        super().__init_subclass_with_meta__(enum=enum, **options)


class BaseInputObjectType(graphene.InputObjectType):
    @classmethod
    def __init_subclass_with_meta__(
        cls, container: Any = None, doc_category: str | None = None, **options: Any
    ) -> None:
        cls.doc_category = doc_category
        super().__init_subclass_with_meta__(container=container, **options)


class BaseField(graphene.Field):
    def __init__(self, *args: Any, doc_category: str | None = None, **kwargs: Any):
        self.doc_category = doc_category
        super().__init__(*args, **kwargs)


class PermissionsField(BaseField):
    description: str | None

    def __init__(self, *args: Any, permissions: Collection[Permission] = (), **kwargs: Any):
        self.permissions = permissions
        super().__init__(*args, **kwargs)
        if permissions:
            names = ", ".join(permission.name for permission in permissions)
            self.description = (
                f"{self.description}\n\nRequires one of the following permissions: {names}."
            )

    def get_resolver(self, parent_resolver: Any) -> Any:
        resolver = super().get_resolver(parent_resolver)
        return partial(self._resolved, resolver) if self.permissions else resolver

    def _resolved(self, resolver: Any, root: Any, info: Any, **arguments: Any) -> Any:
        if not any(may(info.context, permission) for permission in self.permissions):
            raise PermissionDenied(permissions=self.permissions)
        return resolver(root, info, **arguments)


def may(context: Any, permission: Permission) -> bool:
    return permission.name in getattr(context, "permissions", ())


_PAGE_ARGUMENTS = {
    "before": (
        graphene.String,
        "Return the elements in the list that come before the specified cursor.",
    ),
    "after": (
        graphene.String,
        "Return the elements in the list that come after the specified cursor.",
    ),
    "first": (
        graphene.Int,
        "Retrieve the first n elements from the list. Note that the system only allows "
        f"fetching a maximum of {PAGE_LIMIT} objects in a single query.",
    ),
    "last": (
        graphene.Int,
        "Retrieve the last n elements from the list. Note that the system only allows "
        f"fetching a maximum of {PAGE_LIMIT} objects in a single query.",
    ),
}


class ConnectionField(PermissionsField):
    def __init__(self, type_: Any, *args: Any, **kwargs: Any):
        for name, (scalar, description) in _PAGE_ARGUMENTS.items():
            kwargs.setdefault(name, scalar(description=description))
        super().__init__(type_, *args, **kwargs)


class CountableConnection(graphene.relay.Connection):
    class Meta:
        abstract = True

    total_count = graphene.Int(description="A total count of items in the collection.")

    @classmethod
    def __init_subclass_with_meta__(
        cls, node: Any = None, doc_category: str | None = None, **options: Any
    ) -> None:
        cls.doc_category = doc_category
        super().__init_subclass_with_meta__(node=node, **options)
        fields = {
            "node": graphene.Field(
                node, required=True, description="The item at the end of the edge."
            ),
            "cursor": graphene.String(required=True, description="A cursor for use in pagination."),
        }
        edge = type(cls.Edge._meta.name, (graphene.ObjectType,), fields)
        edge.doc_category = doc_category  # type: ignore[attr-defined]
        cls.Edge = edge
        cls._meta.fields["edges"] = graphene.Field(NonNullList(edge), required=True)


class Error(BaseObjectType):
    field = graphene.String(
        description=(
            "Name of a field that caused the error. A value of `null` indicates that the error "
            "isn't associated with a particular field."
        )
    )
    message = graphene.String(description="The error message.")

    class Meta:
        description = "Represents an error in the input of a mutation."


class BaseMutation(graphene.Mutation):
    """Calls `perform_mutation`, for whoever holds one of `permissions`, if there are any. A
    ValidationError becomes a list of errors; of its params, those that the error type has as
    fields come along."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls,
        description: str = "",
        doc_category: str | None = None,
        error_type_class: Any = None,
        permissions: Collection[Permission] = (),
        webhook_events_info: Collection[WebhookEvent] = (),
        **options: Any,
    ) -> None:
        cls.doc_category = doc_category
        cls.webhook_events_info = webhook_events_info
        if webhook_events_info:
            description += "\n\nTriggers the following webhook events:" + "".join(
                f"\n- {event.type.upper()} (async): {event.description}"
                for event in webhook_events_info
            )
        meta = MutationOptions(cls)
        meta.error_type_class = error_type_class
        meta.permissions = permissions
        super().__init_subclass_with_meta__(description=description, _meta=meta, **options)
        errors = NonNullList(
            error_type_class, description="List of errors that occurred executing the mutation."
        )
        cls._meta.fields["errors"] = graphene.Field(errors, default_value=[], required=True)

    @classmethod
    def mutate(cls, root: Any, info: Any, **data: Any) -> Any:
        asked = cls._meta.permissions
        held = {*getattr(info.context, "permissions", ())}
        if getattr(info.context, "customer", None):
            held.add(Permission.AUTHENTICATED_USER.name)
        if asked and not held & {permission.name for permission in asked}:
            raise PermissionDenied(permissions=asked)
        try:
            return cls.perform_mutation(root, info, **data)
        except ValidationError as error:
            return cls.handle_errors(error)

    @classmethod
    def handle_errors(cls, error: ValidationError, **extra: Any) -> Any:
        error_type = cls._meta.error_type_class
        by_field = error.update_error_dict({})
        errors = [
            error_type(
                field=None if name == NON_FIELD_ERRORS else to_camel_case(name),
                message=one.messages[0],
                code=one.code,
                **{
                    param: value
                    for param, value in (one.params or {}).items()
                    if param in error_type._meta.fields
                },
            )
            for name, found in by_field.items()
            for one in found
        ]
        return cls(errors=errors, **extra)


class DataLoader(PromiseDataLoader):
    """One per request and kind; `batch_load` answers with a list in the order of its keys."""

    context_key: str
    database_connection_name = "default"

    def __new__(cls, context: Any) -> "DataLoader":
        loaders = context.__dict__.setdefault("dataloaders", {})
        if cls.context_key not in loaders:
            loaders[cls.context_key] = super().__new__(cls)
        return loaders[cls.context_key]

    def __init__(self, context: Any):
        if getattr(self, "context", None) is not context:
            self.context = context
            super().__init__()

    def batch_load_fn(self, keys: Any) -> Promise:
        return Promise.resolve(self.batch_load(keys))

    def batch_load(self, keys: Any) -> list[Any]:
        raise NotImplementedError
