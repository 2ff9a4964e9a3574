"""What exists: frozen values of the domain; standard library and `msgspec.Struct`, nothing else (decision 0003)."""
