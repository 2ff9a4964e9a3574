"""Files of rows from outside: which bytes are which text, which text is which table, and what a row holds."""
