"""What pages tell, as plain documents: each module reads the record and knows nothing of HTML."""
