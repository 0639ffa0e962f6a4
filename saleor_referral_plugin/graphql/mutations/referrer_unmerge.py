from ...engine import staff
from .staff import OfReferrer


class ReferrerUnmerge(OfReferrer):
    class Meta:
        description = (
            "Undoes `referrerMerge`: the referrer's codes are their own again. What these have "
            "brought meanwhile stays with the other account."
        )

    do = staticmethod(staff.unmerge)
