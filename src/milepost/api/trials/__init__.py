"""What tries and changes whole definitions: our own API, with bodies of the vendor's definitions in it."""
