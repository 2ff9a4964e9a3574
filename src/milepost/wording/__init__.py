"""Sentences: the rule of a target in words and the reasons of an explanation, in English and German."""
