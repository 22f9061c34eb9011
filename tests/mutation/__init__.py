"""Mutation run, a developer tool: small faults are put into the code one at a time, and a test must fail for each."""
