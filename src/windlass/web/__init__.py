"""The dashboard: pages over the record, rendered on the server, and the same as JSON."""
