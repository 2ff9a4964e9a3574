"""Messages: which outcomes they tell, under which ids, in which style."""
