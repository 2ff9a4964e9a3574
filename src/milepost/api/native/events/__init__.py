"""Events of customers: bills, returns, awards and behavioural events."""
