"""The frozen values of the domain. They use the standard library and `msgspec.Struct`, nothing else (decision 0003)."""
