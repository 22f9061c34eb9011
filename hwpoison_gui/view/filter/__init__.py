"""The filter language: parsing, terms, and suggestions."""
