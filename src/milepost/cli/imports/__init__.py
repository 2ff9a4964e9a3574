"""`milepost import …`: files of events, enrolments, places and fields."""
