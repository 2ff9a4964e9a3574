"""The rules of target groups in words."""
