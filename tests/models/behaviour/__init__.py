"""The table of tests: its files, its cells, its rows, and pytest items of them."""
