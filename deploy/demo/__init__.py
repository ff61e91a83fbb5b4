"""Shows the whole workflow on sample data, with real servers."""
