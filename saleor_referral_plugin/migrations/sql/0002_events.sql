-- What happens is noted for whoever listens: wherever a status changes, whatever code changes
-- it, in the same transaction and without a statement more. Undone by 0002_events.undo.sql.
-- A copy of the books (a temporary table) has no triggers: a preview tells nobody.

CREATE FUNCTION referral_somebody_listens() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM referral_webhookendpoint WHERE is_active)
$$;

CREATE FUNCTION referral_put_event(
    type_ text, at_ timestamptz, subject_ text, program bigint, referrer bigint,
    claim bigint, referral bigint, reward bigint, data_ jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO referral_event (
           type, happened_at, noted_at, subject, program_id, referrer_id, claim_id, referral_id,
           reward_id, data)
    SELECT type_, at_, statement_timestamp(), subject_, program, referrer, claim,
           referral, reward, data_
     WHERE EXISTS (
           SELECT FROM referral_webhookendpoint endpoint
            WHERE endpoint.is_active
              AND (jsonb_array_length(endpoint.events) = 0 OR endpoint.events ? type_))
$$;

CREATE FUNCTION referral_failed_findings(findings jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_path_query_array(findings, '$[*] ? (@.passed == false).code')
$$;

-- A claim with its referral is one subject; a reward belongs to that of its referral, if it has
-- one.
CREATE FUNCTION referral_subject(referral bigint, claim bigint) RETURNS text LANGUAGE sql
IMMUTABLE AS $$
    SELECT coalesce('claim:' || claim, 'referral:' || referral)
$$;

-- A sign-up, or what was detached from its order, has none: see models.Referral.
CREATE FUNCTION referral_order(order_ref text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN strpos(order_ref, ':') = 0 THEN order_ref END
$$;

CREATE FUNCTION referral_note_claim() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT referral_somebody_listens() THEN
        RETURN NULL;
    END IF;
    PERFORM referral_put_event(
            CASE NEW.status WHEN 'refused' THEN 'claim.refused' ELSE 'claim.made' END,
            NEW.judged_at, 'claim:' || NEW.id, code.program_id, code.referrer_id, NEW.id,
            NULL, NULL,
            jsonb_build_object(
                -- Not the checkout: whoever knows its id may use it.
                'source', NEW.source, 'order', NEW.order_ref,
                'reasons', referral_failed_findings(NEW.findings)))
       FROM referral_referralcode code WHERE code.id = NEW.code_id;
    RETURN NULL;
END $$;
CREATE TRIGGER referral_note_new_claim
    AFTER INSERT ON referral_claim FOR EACH ROW
    WHEN (NEW.status IN ('open', 'refused'))
    EXECUTE FUNCTION referral_note_claim();
CREATE TRIGGER referral_note_refused_claim
    AFTER UPDATE ON referral_claim FOR EACH ROW
    WHEN (NEW.status = 'refused' AND OLD.status <> 'refused')
    EXECUTE FUNCTION referral_note_claim();

CREATE FUNCTION referral_note_referral() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text := 'attributed';
    subject text := referral_subject(NEW.id, NEW.claim_id);
    known jsonb;
BEGIN
    IF NOT referral_somebody_listens() THEN
        RETURN NULL;
    END IF;
    known := jsonb_build_object(
        'order', referral_order(NEW.order_ref), 'channel', NULLIF(NEW.channel, ''));
    IF TG_OP = 'UPDATE' THEN
        was := OLD.status;
    ELSE
        -- Whatever it was found to be at once, it was attributed first.
        PERFORM referral_put_event(
            'referral.created', NEW.settled_at, subject, NEW.program_id, NEW.referrer_id,
            NEW.claim_id, NEW.id, NULL,
            known || '{"status": "attributed", "was": null, "reasons": []}');
    END IF;
    IF was <> NEW.status THEN
        PERFORM referral_put_event(
            'referral.' || NEW.status, NEW.settled_at, subject, NEW.program_id,
            NEW.referrer_id, NEW.claim_id, NEW.id, NULL,
            known || jsonb_build_object(
                'status', NEW.status, 'was', was,
                'reasons', referral_failed_findings(NEW.findings)));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER referral_note_new_referral
    AFTER INSERT ON referral_referral FOR EACH ROW
    EXECUTE FUNCTION referral_note_referral();
CREATE TRIGGER referral_note_referral
    AFTER UPDATE ON referral_referral FOR EACH ROW
    WHEN (OLD.status <> NEW.status)
    EXECUTE FUNCTION referral_note_referral();

-- Of a reward, whatever is told of it: where it belongs, and what it is.
CREATE FUNCTION referral_put_event_of_reward(
    type_ text, at_ timestamptz, reward referral_reward, more jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    referral referral_referral;
BEGIN
    SELECT * INTO referral FROM referral_referral WHERE id = reward.referral_id;
    PERFORM referral_put_event(
        type_, at_,
        coalesce(referral_subject(referral.id, referral.claim_id), 'reward:' || reward.id),
        reward.program_id, reward.holder_id, referral.claim_id, reward.referral_id, reward.id,
        jsonb_build_object(
            'order', referral_order(referral.order_ref),
            'beneficiary', reward.beneficiary, 'kind', reward.kind, 'rule', reward.rule,
            'occurrence', NULLIF(reward.occurrence, ''), 'currency', reward.currency,
            'status', reward.status, 'expires_at', reward.expires_at)
        || more);
END $$;

CREATE FUNCTION referral_note_reward() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text;
    type_ text := 'reward.' || NEW.status;
BEGIN
    IF NOT referral_somebody_listens() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        was := OLD.status;
        IF was = NEW.status THEN
            type_ := 'reward.changed';
        END IF;
    END IF;
    PERFORM referral_put_event_of_reward(
        type_, coalesce(NEW.changed_at, NEW.created_at), NEW,
        jsonb_build_object(
            'was', was, 'amount', NEW.amount::text, 'hold_until', NEW.hold_until));
    RETURN NULL;
END $$;
CREATE TRIGGER referral_note_new_reward
    AFTER INSERT ON referral_reward FOR EACH ROW
    EXECUTE FUNCTION referral_note_reward();
CREATE TRIGGER referral_note_reward
    AFTER UPDATE ON referral_reward FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.amount <> NEW.amount)
    EXECUTE FUNCTION referral_note_reward();

CREATE FUNCTION referral_note_spending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT referral_somebody_listens() THEN
        RETURN NULL;
    END IF;
    PERFORM referral_put_event_of_reward(
            CASE WHEN NEW.amount < 0 THEN 'credit.spent' ELSE 'credit.given_back' END,
            NEW.created_at, reward, jsonb_build_object('amount', abs(NEW.amount)::text))
       FROM referral_reward reward WHERE reward.id = NEW.reward_id;
    RETURN NULL;
END $$;
CREATE TRIGGER referral_note_spending
    AFTER INSERT ON referral_ledgerentry FOR EACH ROW
    WHEN (NEW.kind = 'spent')
    EXECUTE FUNCTION referral_note_spending();

-- Its holder is reminded, and so is whoever listens.
CREATE FUNCTION referral_note_reminder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT referral_somebody_listens() THEN
        RETURN NULL;
    END IF;
    PERFORM referral_put_event_of_reward(
            'credit.expiring', NEW.created_at, reward,
            jsonb_build_object('amount', NEW.payload ->> 'amount'))
       FROM referral_reward reward WHERE reward.id = NEW.reward_id;
    RETURN NULL;
END $$;
CREATE TRIGGER referral_note_reminder
    AFTER INSERT ON referral_effect FOR EACH ROW
    WHEN (NEW.kind = 'tell' AND NEW.payload ->> 'event' = 'referral_reward_expiring')
    EXECUTE FUNCTION referral_note_reminder();
