"""Reports: pages of the dashboard in one file, which opens without a network and a script."""
