from .language import Language

ENGLISH = Language(
    for_shoppers={
        "excluded_domain": "This referral code cannot be used with your e-mail address.",
        "referrer_not_eligible": "This referral code cannot be used yet.",
        "staff_account": "The shop's staff cannot use referral codes.",
        "account_not_new": (
            "Only accounts made within {span} of entering this referral code can order with it."
        ),
        "address_invalid": "This is not an e-mail address.",
        "not_confirmed_address": "The e-mail address has not been confirmed yet.",
        "not_real": "The sign-up was found not to be real.",
        "not_invited": "This program is by invitation only.",
        "related_party": (
            "You cannot use the referral code of the person who receives or pays the order."
        ),
        "later_order": "This order of the friend no longer counts.",
        "currency_mismatch": (
            "This credit is in {credit}. It cannot be spent here, where prices are in {currency}."
        ),
        "not_your_coupon": (
            "This coupon is somebody else's. If it is yours, log "
            "in, or enter the e-mail address it was given to."
        ),
        "coupon_below_minimum": "Add {missing} more to use this coupon (minimum {minimum}).",
        "code_invalid": "This referral code is not valid.",
        "program_not_running": "Referral codes cannot be used here at the moment.",
        "claim_expired": "This referral code expired on {until}.",
        "own_code": "You cannot use your own referral code.",
        "not_new_customer": "This referral code is for new customers only.",
        "already_referred": "You have already used a friend's referral code.",
        "discounts_used": (
            "You have used this referral code for all {orders} orders that it is for."
        ),
        "other_code_held": "Another friend's referral code is already in use here.",
        "no_such_goods": "This referral code is for certain goods, and none of them is here.",
        "below_minimum": "Add {missing} more to use this referral code (minimum {minimum}).",
        "order_void": "The order was cancelled.",
        "not_confirmed": "The order is waiting for the shop's confirmation.",
        "not_paid": "The order is not fully paid yet.",
        "not_fulfilled": "The order has not been fully sent yet.",
        "money_back": "The order was refunded or given back.",
        "code_taken_off": "The order was made without the referral discount.",
        "referrer_gone": "The referrer's account no longer exists.",
        "referrer_blocked": "The shop has blocked the referrer.",
        "staff_decision": "The shop has looked at this order and decided that it does not count.",
        "staff_reason": "Decided by {by} ({reason}).",
        "reward_withdrawn": "The shop has withdrawn a reward.",
        "order_not_yours": "This is not an order of yours.",
        "claim_too_late": "A referral code can no longer be entered for this order.",
        "code_too_new": "This referral code did not exist yet when the order was placed.",
        "claimed_late": "The referral code was entered after the order. The shop will look at it.",
        "too_many_open": "Too many friends have used this referral code lately. Try again later.",
        "issued_too_late": "A reward could only have been given after {until}, which is too late.",
        "cap_reached": "The limit of {limit} {period} is reached.",
        "not_yet_eligible": "You cannot take part in this program yet.",
        "code_unfit": "A code has {least} to {most} letters and digits, and no word that offends.",
        "code_taken": "This code is taken.",
        "name_unfit": "A name has up to {most} letters, and no word that offends.",
        "too_many_tries": "There were too many tries; please try again later.",
    },
    of_orders={
        "discounts_used": "The customer had used the code for all {orders} orders that it is for.",
        "no_such_goods": "The program is about none of the goods in the order.",
        "referrer_not_eligible": "The referrer was not eligible when the order was placed.",
        "staff_account": "The order was made by the shop's staff.",
        "account_not_new": "The customer's account was not made within {span} of the claim.",
        "related_party": "The order was received or paid by the referrer.",
        "below_minimum": "The minimum of {minimum} is not reached by what is left of the order.",
        "not_new_customer": "The order was not the customer's first.",
        "claim_expired": "The order came after the referral code had expired on {until}.",
        "own_code": "The order was made with the customer's own referral code.",
        "already_referred": "The customer had been referred by somebody before.",
    },
    nouns={
        "rewards": {"one": "reward", "other": "rewards"},
        "hours": {"one": "hour", "other": "hours"},
        "days": {"one": "day", "other": "days"},
        "months": {"one": "month", "other": "months"},
    },
    periods={"life": "in all", "month": "per month", "year": "per year"},
    within="within {span}",
)
