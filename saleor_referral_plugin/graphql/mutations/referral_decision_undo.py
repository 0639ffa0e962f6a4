from ...engine import staff
from .staff import OfReferral


class ReferralDecisionUndo(OfReferral):
    class Meta:
        description = "Undoes what was decided of a referral: it is what the rules make of it."

    do = staticmethod(staff.undo)
