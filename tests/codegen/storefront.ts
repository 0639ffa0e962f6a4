// What a storefront does with the operations, fully typed. It is compiled, never run: that the
// answers are what the types say is for the tests that execute the operations.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import {
  ApplyReferralCodeDocument,
  ApproveReferralDocument,
  MyReferralPageDocument,
  MyRewardsDocument,
} from "./generated";

type Ask = <Answer, Variables>(
  document: TypedDocumentNode<Answer, Variables>,
  variables: Variables,
) => Promise<Answer>;

/** Puts a remembered `?ref=` on a checkout, and says what the shopper should read. */
export async function claim(ask: Ask, checkoutId: string, code: string): Promise<string> {
  const { checkoutReferralCodeApply: answer } = await ask(ApplyReferralCodeDocument, {
    checkoutId,
    code,
  });
  const refused = answer?.errors[0];
  if (refused) {
    return refused.code === "TOO_MANY_TRIES" && refused.retryAt
      ? `Try again at ${new Date(refused.retryAt).toLocaleTimeString()}.`
      : (refused.message ?? "");
  }
  const discount = answer?.referral?.discount;
  return discount ? `${discount.amount.toFixed(2)} ${discount.currency} off` : "";
}

/** The referrer's own page. */
export async function page(ask: Ask, channel: string): Promise<string[]> {
  const { me } = await ask(MyReferralPageDocument, { channel });
  const mine = me?.referral;
  if (!mine) {
    return [];
  }
  const rewards = (mine.rewards?.edges ?? []).map(({ node }) => `${node.status} ${node.kind}`);
  return [mine.code ?? "", mine.link ?? "", mine.offer?.description ?? "", ...rewards];
}

/** What is on hold, first ending first. */
export async function onHold(ask: Ask): Promise<number> {
  const { me } = await ask(MyRewardsDocument, {
    where: { status: { eq: "PENDING" } },
    sortBy: { field: "HOLD_UNTIL", direction: "ASC" },
  });
  return me?.referral?.rewards?.totalCount ?? 0;
}

/** Staff. */
export async function approve(ask: Ask, id: string): Promise<boolean> {
  // @ts-expect-error: a reason is required
  await ask(ApproveReferralDocument, { id });
  const { referralApprove } = await ask(ApproveReferralDocument, { id, reason: "Known to us." });
  // @ts-expect-error: there is no such status
  if (referralApprove?.referral?.status === "DONE") {
    return false;
  }
  return referralApprove?.referral?.status === "QUALIFIED";
}
