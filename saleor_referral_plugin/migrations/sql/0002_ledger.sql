-- What must hold for the books whatever code runs. Undone by 0002_ledger.undo.sql.

-- Neither an entry, nor what a person decided or changed of a program, is ever changed or
-- deleted: a correction is a new row.
CREATE FUNCTION referral_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER referral_ledger_append_only
    BEFORE UPDATE OR DELETE ON referral_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION referral_append_only();
CREATE TRIGGER referral_staff_decision_append_only
    BEFORE UPDATE OR DELETE ON referral_staffdecision
    FOR EACH ROW EXECUTE FUNCTION referral_append_only();
CREATE TRIGGER referral_program_change_append_only
    BEFORE UPDATE OR DELETE ON referral_programchange
    FOR EACH ROW EXECUTE FUNCTION referral_append_only();

-- An entry has the currency and the holder of its reward, and a reward that has entries
-- can change neither.
ALTER TABLE referral_reward
    ADD CONSTRAINT referral_reward_identity UNIQUE (id, holder_id, currency);
ALTER TABLE referral_ledgerentry
    ADD CONSTRAINT referral_ledger_same_currency
    FOREIGN KEY (reward_id, holder_id, currency)
    REFERENCES referral_reward (id, holder_id, currency)
    DEFERRABLE INITIALLY DEFERRED;

-- At the end of every transaction: the promises add up to the decision, and neither what
-- was delivered nor what is left on the credit is below zero.
CREATE FUNCTION referral_books_agree() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint;
    decided numeric;
    promised numeric;
    delivered numeric;
    left_over numeric;
BEGIN
    IF TG_TABLE_NAME = 'referral_reward' THEN
        checked := NEW.id;
    ELSE
        checked := NEW.reward_id;
    END IF;
    SELECT amount INTO decided FROM referral_reward WHERE id = checked;
    SELECT coalesce(sum(amount) FILTER (WHERE kind = 'promised'), 0),
           coalesce(sum(amount) FILTER (
               WHERE kind IN ('delivered', 'taken_back', 'offset', 'waived')), 0),
           coalesce(sum(amount) FILTER (
               WHERE kind IN ('delivered', 'taken_back', 'spent', 'expired')), 0)
      INTO promised, delivered, left_over
      FROM referral_ledgerentry WHERE reward_id = checked;
    IF promised <> decided THEN
        RAISE EXCEPTION 'referral reward %: decided %, but the ledger promises %',
            checked, decided, promised USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF delivered < 0 OR left_over < 0 THEN
        RAISE EXCEPTION 'referral reward %: % delivered, % left', checked, delivered, left_over
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER referral_ledger_agrees
    AFTER INSERT ON referral_ledgerentry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION referral_books_agree();
CREATE CONSTRAINT TRIGGER referral_reward_agrees
    AFTER INSERT OR UPDATE OF amount ON referral_reward
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION referral_books_agree();

-- A version of the terms is what it was when its referrals were claimed.
CREATE FUNCTION referral_terms_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.program_id, NEW.version, NEW.rules, NEW.offer_code, NEW.created_at, NEW."by")
        IS DISTINCT FROM
       (OLD.program_id, OLD.version, OLD.rules, OLD.offer_code, OLD.created_at, OLD."by") THEN
        RAISE EXCEPTION 'referral terms are never changed: make a new version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER referral_terms_immutable
    BEFORE UPDATE ON referral_termsversion
    FOR EACH ROW EXECUTE FUNCTION referral_terms_immutable();
