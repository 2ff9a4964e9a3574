"""A year of real grocery bills, sent through the public door as any client would."""
