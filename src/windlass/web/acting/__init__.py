"""What can be done from pages: each refuses as its command does, and tells who did it."""
