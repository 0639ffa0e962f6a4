from .language import Language

DANISH = Language(
    for_shoppers={
        "excluded_domain": "Henvisningskoden kan ikke bruges med din e-mailadresse.",
        "referrer_not_eligible": "Henvisningskoden kan ikke bruges endnu.",
        "address_invalid": "Dette er ikke en e-mailadresse.",
        "not_confirmed_address": "E-mailadressen er ikke bekræftet endnu.",
        "not_real": "Tilmeldingen viste sig ikke at være ægte.",
        "not_invited": "Dette program er kun for inviterede.",
        "related_party": (
            "Du kan ikke bruge henvisningskoden fra den, der modtager eller betaler ordren."
        ),
        "later_order": "Denne ordre fra vennen tæller ikke længere med.",
        "currency_mismatch": (
            "Denne kredit er i {credit}. Den kan ikke bruges her, hvor priserne er i {currency}."
        ),
        "code_invalid": "Henvisningskoden er ikke gyldig.",
        "program_not_running": "Henvisningskoder kan ikke bruges her i øjeblikket.",
        "claim_expired": "Henvisningskoden udløb den {until}.",
        "own_code": "Du kan ikke bruge din egen henvisningskode.",
        "not_new_customer": "Henvisningskoden er kun for nye kunder.",
        "already_referred": "Du har allerede brugt en vens henvisningskode.",
        "other_code_held": "Der er allerede brugt en anden vens henvisningskode her.",
        "below_minimum": (
            "Læg varer for {missing} mere i kurven for at bruge henvisningskoden "
            "(minimum {minimum})."
        ),
        "order_void": "Ordren er annulleret.",
        "not_confirmed": "Ordren afventer butikkens bekræftelse.",
        "not_paid": "Ordren er endnu ikke betalt fuldt ud.",
        "not_fulfilled": "Ordren er endnu ikke sendt i sin helhed.",
        "money_back": "Ordren er refunderet eller returneret.",
        "code_taken_off": "Ordren blev afgivet uden henvisningsrabatten.",
        "referrer_gone": "Henviserens konto findes ikke længere.",
        "cap_reached": "Grænsen på {limit} {period} er nået.",
        "not_yet_eligible": "Du kan endnu ikke deltage i dette program.",
        "code_unfit": "En kode har {least} til {most} bogstaver og tal, og intet ord, der støder.",
        "code_taken": "Denne kode er allerede i brug.",
        "name_unfit": "Et navn har højst {most} bogstaver, og intet ord, der støder.",
        "too_many_tries": "Der var for mange forsøg; prøv igen senere.",
    },
    of_orders={
        "referrer_not_eligible": (
            "Den, der henviste, opfyldte ikke betingelserne, da ordren blev afgivet."
        ),
        "related_party": "Ordren blev modtaget eller betalt af den, der henviste.",
        "below_minimum": "Minimumsbeløbet på {minimum} nås ikke med det, der er tilbage af ordren.",
        "not_new_customer": "Det var ikke kundens første ordre.",
        "claim_expired": "Ordren blev afgivet, efter at henvisningskoden var udløbet den {until}.",
        "own_code": "Kunden har bestilt med sin egen henvisningskode.",
        "already_referred": "Kunden var allerede blevet henvist af en anden.",
    },
    nouns={
        "rewards": {"one": "belønning", "other": "belønninger"},
        "hours": {"one": "time", "other": "timer"},
        "days": {"one": "dag", "other": "dage"},
        "months": {"one": "måned", "other": "måneder"},
    },
    periods={"life": "i alt", "month": "pr. måned", "year": "pr. år"},
    within="inden for {span}",
)
