from ...engine import staff
from .staff import OfReferrer


class ReferrerBlock(OfReferrer):
    class Meta:
        description = (
            "Blocks a referrer: their codes are nobody's from now on, and what has not qualified "
            "yet goes to review. What has stays. Undone by `referrerUnblock`."
        )

    do = staticmethod(staff.block)
