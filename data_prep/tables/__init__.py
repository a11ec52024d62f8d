"""Tables: files read, checked and joined, and tables whose rows are independent examples."""
