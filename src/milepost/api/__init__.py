"""HTTP: the vendor's face and our own; each parses, calls one service and renders."""
