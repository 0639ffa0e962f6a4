-- What the rewards of a day count towards the limits that all referrers share is kept beside them:
-- a limit for life is not added up from each reward. Rows are added and none is changed by whoever
-- settles, so that nobody waits; the sweep folds them. Undone by 0002_budget_use.undo.sql.
-- A copy of the books (a temporary table) is given the same trigger, see engine/copies.py: there
-- the table's name must be looked up each time.

CREATE FUNCTION referral_count_reward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE $count$
        INSERT INTO referral_budgetuse
               (program_id, beneficiary, currency, day, number, amount, is_sum)
        SELECT program_id, beneficiary, currency, day, sum(number), sum(amount), false
          FROM (VALUES ($1.program_id, $1.beneficiary, $1.currency,
                        ($1.earned_at AT TIME ZONE 'UTC')::date, -1, -$1.amount),
                       ($2.program_id, $2.beneficiary, $2.currency,
                        ($2.earned_at AT TIME ZONE 'UTC')::date, 1, $2.amount))
               AS moved (program_id, beneficiary, currency, day, number, amount)
         WHERE amount <> 0 AND day IS NOT NULL
         GROUP BY program_id, beneficiary, currency, day
        HAVING sum(number) <> 0 OR sum(amount) <> 0
    $count$ USING OLD, NEW;
    RETURN NULL;
END $$;
CREATE TRIGGER referral_count_new_reward
    AFTER INSERT ON referral_reward FOR EACH ROW
    WHEN (NEW.amount <> 0 AND NEW.earned_at IS NOT NULL)
    EXECUTE FUNCTION referral_count_reward();
CREATE TRIGGER referral_count_changed_reward
    AFTER UPDATE OF amount, earned_at ON referral_reward FOR EACH ROW
    WHEN ((OLD.amount, OLD.earned_at) IS DISTINCT FROM (NEW.amount, NEW.earned_at))
    EXECUTE FUNCTION referral_count_reward();

INSERT INTO referral_budgetuse (program_id, beneficiary, currency, day, number, amount, is_sum)
SELECT program_id, beneficiary, currency, (earned_at AT TIME ZONE 'UTC')::date,
       count(*), sum(amount), true
  FROM referral_reward WHERE amount <> 0 AND earned_at IS NOT NULL
 GROUP BY 1, 2, 3, 4;
