"""The vendor's older API: customers, transactions, behavioural events, login."""
