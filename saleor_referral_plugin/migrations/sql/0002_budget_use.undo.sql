DROP TRIGGER referral_count_changed_reward ON referral_reward;
DROP TRIGGER referral_count_new_reward ON referral_reward;
DROP FUNCTION referral_count_reward();
DELETE FROM referral_budgetuse;
