"""A year of real grocery bills, sent through the public API as any client would send them."""
