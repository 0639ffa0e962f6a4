from .language import Language

DUTCH = Language(
    for_shoppers={
        "excluded_domain": "Deze uitnodigingscode kan niet met jouw e-mailadres worden gebruikt.",
        "referrer_not_eligible": "Deze uitnodigingscode kan nog niet worden gebruikt.",
        "staff_account": "Medewerkers van de winkel kunnen geen uitnodigingscodes gebruiken.",
        "account_not_new": (
            "Met deze uitnodigingscode bestel je alleen met een account dat hoogstens {span} voor "
            "of na het invoeren is aangemaakt."
        ),
        "address_invalid": "Dit is geen e-mailadres.",
        "not_confirmed_address": "Het e-mailadres is nog niet bevestigd.",
        "not_real": "De aanmelding bleek niet echt te zijn.",
        "not_invited": "Dit programma is alleen op uitnodiging.",
        "related_party": (
            "Je kunt de uitnodigingscode van de ontvanger of betaler van de bestelling niet "
            "gebruiken."
        ),
        "later_order": "Deze bestelling van de vriend telt niet meer mee.",
        "currency_mismatch": (
            "Dit tegoed is in {credit}. Je kunt het hier niet gebruiken, want de prijzen "
            "zijn in {currency}."
        ),
        "not_your_coupon": (
            "Deze kortingsbon is van iemand anders. Is hij van jou, log "
            "dan in of vul het e-mailadres in waarvoor hij bestemd is."
        ),
        "coupon_below_minimum": (
            "Bestel nog voor {missing} om deze kortingsbon te gebruiken (minimaal {minimum})."
        ),
        "code_invalid": "Deze uitnodigingscode is niet geldig.",
        "program_not_running": "Uitnodigingscodes kunnen hier op dit moment niet worden gebruikt.",
        "claim_expired": "Deze uitnodigingscode is op {until} verlopen.",
        "own_code": "Je kunt je eigen uitnodigingscode niet gebruiken.",
        "not_new_customer": "Deze uitnodigingscode is alleen voor nieuwe klanten.",
        "already_referred": "Je hebt al eerder een uitnodigingscode van een vriend gebruikt.",
        "discounts_used": (
            "Je hebt deze uitnodigingscode al voor alle {orders} mogelijke bestellingen gebruikt."
        ),
        "other_code_held": "Er wordt hier al een uitnodigingscode van een andere vriend gebruikt.",
        "no_such_goods": (
            "Deze uitnodigingscode is voor bepaalde artikelen, en daar is er hier geen van."
        ),
        "below_minimum": (
            "Bestel nog voor {missing} om deze uitnodigingscode te gebruiken (minimaal {minimum})."
        ),
        "order_void": "De bestelling is geannuleerd.",
        "not_confirmed": "De bestelling wacht op bevestiging door de winkel.",
        "not_paid": "De bestelling is nog niet volledig betaald.",
        "not_fulfilled": "De bestelling is nog niet volledig verzonden.",
        "money_back": "De bestelling is terugbetaald of geretourneerd.",
        "code_taken_off": "De bestelling is geplaatst zonder de uitnodigingskorting.",
        "referrer_gone": "Het account van de uitnodiger bestaat niet meer.",
        "referrer_blocked": "De winkel heeft de uitnodiger geblokkeerd.",
        "staff_decision": "De winkel heeft deze bestelling bekeken en telt haar niet mee.",
        "staff_reason": "Besloten door {by} ({reason}).",
        "reward_withdrawn": "De winkel heeft een beloning ingetrokken.",
        "order_not_yours": "Dit is geen bestelling van jou.",
        "claim_too_late": "Voor deze bestelling kan geen uitnodigingscode meer worden ingevoerd.",
        "code_too_new": "Deze uitnodigingscode bestond nog niet toen de bestelling werd geplaatst.",
        "claimed_late": (
            "De uitnodigingscode is na de bestelling ingevoerd. De winkel gaat ernaar kijken."
        ),
        "too_many_open": (
            "Deze uitnodigingscode is de laatste tijd door te veel vrienden gebruikt. "
            "Probeer het later nog eens."
        ),
        "issued_too_late": (
            "Een beloning had pas na {until} gegeven kunnen worden, en dat is te laat."
        ),
        "cap_reached": "De limiet van {limit} {period} is bereikt.",
        "not_yet_eligible": "U kunt nog niet aan dit programma meedoen.",
        "code_unfit": (
            "Een code heeft {least} tot {most} letters en cijfers, en geen woord dat kwetst."
        ),
        "code_taken": "Deze code is al in gebruik.",
        "name_unfit": "Een naam heeft hoogstens {most} letters, en geen woord dat kwetst.",
        "too_many_tries": "Er waren te veel pogingen; probeer het later opnieuw.",
    },
    of_orders={
        "discounts_used": (
            "De klant had de code al gebruikt voor alle {orders} bestellingen waarvoor ze geldt."
        ),
        "no_such_goods": "Het programma geldt voor geen van de artikelen in de bestelling.",
        "referrer_not_eligible": "De uitnodiger voldeed bij de bestelling niet aan de voorwaarden.",
        "staff_account": "De bestelling is door een medewerker van de winkel geplaatst.",
        "account_not_new": (
            "Het account van de klant is meer dan {span} voor of na het invoeren van de "
            "uitnodigingscode aangemaakt, of er is geen account."
        ),
        "related_party": "De bestelling is ontvangen of betaald door de uitnodiger.",
        "below_minimum": (
            "Het minimum van {minimum} wordt niet gehaald met wat er over is van de bestelling."
        ),
        "not_new_customer": "Dit was niet de eerste bestelling van de klant.",
        "claim_expired": "De bestelling kwam nadat de uitnodigingscode op {until} was verlopen.",
        "own_code": "De klant heeft met de eigen uitnodigingscode besteld.",
        "already_referred": "De klant was al eerder door iemand uitgenodigd.",
    },
    nouns={
        "rewards": {"one": "beloning", "other": "beloningen"},
        "hours": {"one": "uur", "other": "uur"},
        "days": {"one": "dag", "other": "dagen"},
        "months": {"one": "maand", "other": "maanden"},
    },
    periods={"life": "in totaal", "month": "per maand", "year": "per jaar"},
    within="binnen {span}",
)
