"""A stand-in for CoverManager: restaurants with tables, and the calls that the hub makes.
`python -m demo.standins.covermanager --port N`."""
