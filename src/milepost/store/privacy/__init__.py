"""What is stored of one customer as a whole: taken out for the customer, and erased."""
