DROP TRIGGER referral_terms_immutable ON referral_termsversion;
DROP FUNCTION referral_terms_immutable();
DROP TRIGGER referral_reward_agrees ON referral_reward;
DROP TRIGGER referral_ledger_agrees ON referral_ledgerentry;
DROP FUNCTION referral_books_agree();
ALTER TABLE referral_ledgerentry DROP CONSTRAINT referral_ledger_same_currency;
ALTER TABLE referral_reward DROP CONSTRAINT referral_reward_identity;
DROP TRIGGER referral_ledger_append_only ON referral_ledgerentry;
DROP FUNCTION referral_append_only();
