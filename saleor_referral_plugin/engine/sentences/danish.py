from .language import Language

DANISH = Language(
    for_shoppers={
        "excluded_domain": "Henvisningskoden kan ikke bruges med din e-mailadresse.",
        "referrer_not_eligible": "Henvisningskoden kan ikke bruges endnu.",
        "staff_account": "Butikkens ansatte kan ikke bruge henvisningskoder.",
        "account_not_new": (
            "Med denne henvisningskode kan du kun bestille med en konto, der er oprettet højst "
            "{span} før eller efter, at koden blev indtastet."
        ),
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
        "not_your_coupon": (
            "Denne kupon tilhører en anden. Er den din, så "
            "log ind, eller indtast den e-mailadresse, den er udstedt til."
        ),
        "coupon_below_minimum": (
            "Læg varer for {missing} mere i kurven for at bruge denne kupon (minimum {minimum})."
        ),
        "code_invalid": "Henvisningskoden er ikke gyldig.",
        "program_not_running": "Henvisningskoder kan ikke bruges her i øjeblikket.",
        "claim_expired": "Henvisningskoden udløb den {until}.",
        "own_code": "Du kan ikke bruge din egen henvisningskode.",
        "not_new_customer": "Henvisningskoden er kun for nye kunder.",
        "already_referred": "Du har allerede brugt en vens henvisningskode.",
        "discounts_used": (
            "Du har brugt henvisningskoden til alle {orders} ordrer, som den gælder for."
        ),
        "other_code_held": "Der er allerede brugt en anden vens henvisningskode her.",
        "no_such_goods": "Henvisningskoden gælder for bestemte varer, og ingen af dem er her.",
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
        "referrer_blocked": "Butikken har spærret den, der henviste.",
        "staff_decision": "Butikken har set på ordren og besluttet, at den ikke tæller med.",
        "staff_reason": "Besluttet af {by} ({reason}).",
        "reward_withdrawn": "Butikken har trukket en belønning tilbage.",
        "order_not_yours": "Dette er ikke en af dine ordrer.",
        "claim_too_late": "Der kan ikke længere angives en henvisningskode for denne ordre.",
        "code_too_new": "Henvisningskoden fandtes endnu ikke, da ordren blev afgivet.",
        "claimed_late": "Henvisningskoden blev angivet efter ordren. Butikken ser på den.",
        "too_many_open": (
            "For mange venner har brugt henvisningskoden på det seneste. Prøv igen senere."
        ),
        "issued_too_late": (
            "En belønning kunne først være givet efter den {until}, og det er for sent."
        ),
        "cap_reached": "Grænsen på {limit} {period} er nået.",
        "not_yet_eligible": "Du kan endnu ikke deltage i dette program.",
        "code_unfit": "En kode har {least} til {most} bogstaver og tal, og intet ord, der støder.",
        "code_taken": "Denne kode er allerede i brug.",
        "name_unfit": "Et navn har højst {most} bogstaver, og intet ord, der støder.",
        "too_many_tries": "Der var for mange forsøg; prøv igen senere.",
    },
    of_orders={
        "discounts_used": "Kunden havde brugt koden til alle {orders} ordrer, som den gælder for.",
        "no_such_goods": "Programmet gælder ikke for nogen af varerne i ordren.",
        "referrer_not_eligible": (
            "Den, der henviste, opfyldte ikke betingelserne, da ordren blev afgivet."
        ),
        "staff_account": "Ordren blev afgivet af en af butikkens ansatte.",
        "account_not_new": (
            "Kunden havde ingen konto, der var oprettet højst {span} før eller efter, at "
            "henvisningskoden blev indtastet."
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
