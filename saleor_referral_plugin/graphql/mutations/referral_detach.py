from ...engine import staff
from .staff import OfReferral


class ReferralDetach(OfReferral):
    class Meta:
        description = (
            "Takes the order away from its referrer, with what it brought: the order is free for "
            "another. Undone by `referralAttach`."
        )

    do = staticmethod(staff.detach)
