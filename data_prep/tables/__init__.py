"""Tables: files read and checked, and rows that are independent examples."""
