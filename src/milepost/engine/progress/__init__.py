"""How a change moves progress, and what follows from it for the group."""
