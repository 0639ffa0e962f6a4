from .language import Language

#: A date comes after "in data": its article would hang on the day ("il 9", "l'8").
ITALIAN = Language(
    for_shoppers={
        "excluded_domain": "Questo codice invito non si può usare con il tuo indirizzo e-mail.",
        "referrer_not_eligible": "Questo codice invito non si può ancora usare.",
        "staff_account": "Il personale del negozio non può usare codici invito.",
        "account_not_new": (
            "Con questo codice invito si ordina solo con un account creato non oltre {span} prima "
            "o dopo l'inserimento."
        ),
        "address_invalid": "Questo non è un indirizzo e-mail.",
        "not_confirmed_address": "L'indirizzo e-mail non è ancora stato confermato.",
        "not_real": "L'iscrizione è risultata non autentica.",
        "not_invited": "Questo programma è solo su invito.",
        "related_party": "Non puoi usare il codice invito di chi riceve o paga l'ordine.",
        "later_order": "Questo ordine dell'amico non conta più.",
        "currency_mismatch": (
            "Questo credito è in {credit}. Non si può usare qui, dove i prezzi sono in {currency}."
        ),
        "not_your_coupon": (
            "Questo buono è di un'altra persona. Se è tuo, "
            "accedi oppure inserisci l'indirizzo e-mail a cui è intestato."
        ),
        "coupon_below_minimum": (
            "Aggiungi ancora {missing} per usare questo buono (minimo {minimum})."
        ),
        "code_invalid": "Questo codice invito non è valido.",
        "program_not_running": "Al momento qui non è possibile usare codici invito.",
        "claim_expired": "Questo codice invito è scaduto in data {until}.",
        "own_code": "Non puoi usare il tuo stesso codice invito.",
        "not_new_customer": "Questo codice invito è riservato ai nuovi clienti.",
        "already_referred": "Hai già usato il codice invito di un amico.",
        "discounts_used": (
            "Hai già usato questo codice invito per tutti i {orders} ordini per cui vale."
        ),
        "other_code_held": "Qui è già in uso il codice invito di un altro amico.",
        "no_such_goods": (
            "Questo codice invito vale per determinati articoli, e qui non ce n'è nessuno."
        ),
        "below_minimum": (
            "Aggiungi ancora {missing} per usare questo codice invito (minimo {minimum})."
        ),
        "order_void": "L'ordine è stato annullato.",
        "not_confirmed": "L'ordine è in attesa di conferma da parte del negozio.",
        "not_paid": "L'ordine non è ancora stato pagato per intero.",
        "not_fulfilled": "L'ordine non è ancora stato spedito per intero.",
        "money_back": "L'ordine è stato rimborsato o restituito.",
        "code_taken_off": "L'ordine è stato effettuato senza lo sconto del codice invito.",
        "referrer_gone": "L'account di chi ha invitato non esiste più.",
        "referrer_blocked": "Il negozio ha bloccato chi ha invitato.",
        "staff_decision": "Il negozio ha esaminato l'ordine e ha deciso che non conta.",
        "staff_reason": "Deciso da {by} ({reason}).",
        "reward_withdrawn": "Il negozio ha ritirato un premio.",
        "order_not_yours": "Questo non è un tuo ordine.",
        "claim_too_late": "Per questo ordine non si può più inserire un codice invito.",
        "code_too_new": "Questo codice invito non esisteva ancora al momento dell'ordine.",
        "claimed_late": "Il codice invito è stato inserito dopo l'ordine. Il negozio lo esaminerà.",
        "too_many_open": (
            "Di recente troppi amici hanno usato questo codice invito. Riprova più tardi."
        ),
        "issued_too_late": (
            "Un premio avrebbe potuto essere assegnato solo dopo il {until}: troppo tardi."
        ),
        "cap_reached": "Il limite di {limit} {period} è stato raggiunto.",
        "not_yet_eligible": "Non puoi ancora partecipare a questo programma.",
        "code_unfit": (
            "Un codice ha da {least} a {most} lettere e cifre, e nessuna parola offensiva."
        ),
        "code_taken": "Questo codice è già in uso.",
        "name_unfit": "Un nome ha al massimo {most} lettere, e nessuna parola offensiva.",
        "too_many_tries": "Ci sono stati troppi tentativi: riprova più tardi.",
    },
    of_orders={
        "discounts_used": (
            "Il cliente aveva già usato il codice per tutti i {orders} ordini per cui vale."
        ),
        "no_such_goods": "Il programma non riguarda nessuno degli articoli dell'ordine.",
        "referrer_not_eligible": (
            "Al momento dell'ordine chi ha invitato non soddisfaceva le condizioni."
        ),
        "staff_account": "L'ordine è stato effettuato dal personale del negozio.",
        "account_not_new": (
            "Il cliente non aveva un account creato non oltre {span} prima o dopo l'inserimento "
            "del codice invito."
        ),
        "related_party": "L'ordine è stato ricevuto o pagato da chi ha invitato.",
        "below_minimum": (
            "Ciò che resta dell'ordine non raggiunge il minimo di {minimum} richiesto."
        ),
        "not_new_customer": "Non era il primo ordine del cliente.",
        "claim_expired": (
            "Al momento dell'ordine il codice invito era già scaduto (in data {until})."
        ),
        "own_code": "Il cliente ha ordinato con il proprio codice invito.",
        "already_referred": "Il cliente era già stato invitato da qualcun altro.",
    },
    nouns={
        "rewards": {"one": "premio", "other": "premi"},
        "hours": {"one": "ora", "other": "ore"},
        "days": {"one": "giorno", "other": "giorni"},
        "months": {"one": "mese", "other": "mesi"},
    },
    periods={"life": "in totale", "month": "al mese", "year": "all'anno"},
    within="in {span}",
)
