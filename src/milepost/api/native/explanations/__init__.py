"""Why a customer's progress is what it is."""
