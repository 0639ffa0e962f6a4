"""The referral program in GraphQL (graphene 2), on the base types of whatever store runs it.

Everything of ours has Referral, Referrer or Referee in its name; nothing of Saleor's has.
"""
