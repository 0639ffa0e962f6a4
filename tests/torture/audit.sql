-- What a referral or a reward is said to have become, as triggers of our own have seen it: to be
-- compared with the events.
CREATE TABLE torture_change (id bigserial PRIMARY KEY, what text, pk bigint, said text);

CREATE FUNCTION torture_note_referral() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO torture_change (what, pk, said) VALUES ('referral', NEW.id, 'created');
    END IF;
    IF NEW.status <> (CASE TG_OP WHEN 'INSERT' THEN 'attributed' ELSE OLD.status END) THEN
        INSERT INTO torture_change (what, pk, said) VALUES ('referral', NEW.id, NEW.status);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER torture_note_referral AFTER INSERT OR UPDATE ON referral_referral
    FOR EACH ROW EXECUTE FUNCTION torture_note_referral();

CREATE FUNCTION torture_note_reward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' OR (NEW.status, NEW.amount) IS DISTINCT FROM (OLD.status, OLD.amount) THEN
        INSERT INTO torture_change (what, pk, said)
        VALUES ('reward', NEW.id,
                CASE WHEN TG_OP = 'UPDATE' AND NEW.status = OLD.status THEN 'changed'
                     ELSE NEW.status END || ' ' || NEW.amount);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER torture_note_reward AFTER INSERT OR UPDATE ON referral_reward
    FOR EACH ROW EXECUTE FUNCTION torture_note_reward();
