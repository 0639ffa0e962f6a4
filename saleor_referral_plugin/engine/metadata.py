"""What others keep beside our objects: text by key, public or private, as the store has it on its
own objects. The rules never look at it.

It has a table of its own, so that what settles orders neither reads nor writes it.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from ..models import Metadata, Referral, Referrer, Reward
from .decisions import CannotDecide


class Key(NamedTuple):
    """Whose it is: the name of its type in the API, and its key."""

    type_name: str
    pk: int


def of(keys: Collection[Key], *, using: str) -> dict[Key, Metadata]:
    """One query, however many objects of however many types; empty for those that have none."""
    rows = Metadata.objects.using(using).filter(
        type_name__in={key.type_name for key in keys}, object_id__in={key.pk for key in keys}
    )
    found = {Key(row.type_name, row.object_id): row for row in rows}
    return {key: found.get(key) or Metadata() for key in keys}


@transaction.atomic
def update(key: Key, *, public: Mapping[str, str], private: Mapping[str, str]) -> Metadata:
    """Add keys, or give them other values; others stay. Raises CannotDecide REQUIRED for a key
    without a name, INVALID for what the database cannot keep."""
    for name, value in (*public.items(), *private.items()):
        if not name.strip():
            raise CannotDecide("REQUIRED", "A key of metadata needs a name.")
        if "\0" in name + value:
            raise CannotDecide("INVALID", "Metadata cannot hold the character U+0000.")
    row, _ = Metadata.objects.select_for_update().get_or_create(
        type_name=key.type_name, object_id=key.pk
    )
    row.public.update(public)
    row.private.update(private)
    row.save()
    return row


@transaction.atomic
def delete(key: Key, *, public: Collection[str], private: Collection[str]) -> Metadata:
    """Take keys away; those that are not there are no error."""
    rows = Metadata.objects.select_for_update()
    row = rows.filter(type_name=key.type_name, object_id=key.pk).first()
    if row is None:
        return Metadata()
    row.public = {name: value for name, value in row.public.items() if name not in public}
    row.private = {name: value for name, value in row.private.items() if name not in private}
    row.save()
    return row


def everything_of(referrers: QuerySet[Referrer]) -> QuerySet[Metadata]:
    """What is kept beside people, and beside what they have earned and brought."""
    brought = Referral.objects.filter(referrer__in=referrers)
    earned = Reward.objects.filter(holder__in=referrers)
    return Metadata.objects.filter(
        Q(type_name="Referrer", object_id__in=referrers.values("pk"))
        | Q(type_name="Referral", object_id__in=brought.values("pk"))
        | Q(type_name="ReferralReward", object_id__in=earned.values("pk"))
    )
