"""What exists: frozen values of the domain, standard library only."""
