"""Pages for people: the viewer of the API's document, and the console."""
