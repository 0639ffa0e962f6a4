from ...engine import staff
from .staff import OfReferrer


class ReferrerUnblock(OfReferrer):
    class Meta:
        description = (
            "Undoes `referrerBlock`: the referrer's codes work again, and what was in review "
            "because of the block counts."
        )

    do = staticmethod(staff.unblock)
