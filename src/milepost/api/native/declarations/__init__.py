"""Programmes, currencies and fields that an organisation declares."""
