"""Room: the ledger of payments and refunds, and what providers told about them."""
