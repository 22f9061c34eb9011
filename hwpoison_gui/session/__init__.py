"""What is done to a machine: steps that can be walked, scenarios, user commands."""
