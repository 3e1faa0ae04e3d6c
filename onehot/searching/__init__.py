"""Searches on the command line: followed in a live table, and as a page with the pictures of the study."""
