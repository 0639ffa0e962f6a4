from .language import Language

DUTCH = Language(
    for_shoppers={
        "excluded_domain": "Deze uitnodigingscode kan niet met jouw e-mailadres worden gebruikt.",
        "referrer_not_eligible": "Deze uitnodigingscode kan nog niet worden gebruikt.",
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
        "code_invalid": "Deze uitnodigingscode is niet geldig.",
        "program_not_running": "Uitnodigingscodes kunnen hier op dit moment niet worden gebruikt.",
        "claim_expired": "Deze uitnodigingscode is op {until} verlopen.",
        "own_code": "Je kunt je eigen uitnodigingscode niet gebruiken.",
        "not_new_customer": "Deze uitnodigingscode is alleen voor nieuwe klanten.",
        "already_referred": "Je hebt al eerder een uitnodigingscode van een vriend gebruikt.",
        "other_code_held": "Er wordt hier al een uitnodigingscode van een andere vriend gebruikt.",
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
        "referrer_not_eligible": "De uitnodiger voldeed bij de bestelling niet aan de voorwaarden.",
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
