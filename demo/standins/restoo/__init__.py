"""A stand-in for Restoo: venues with tables, and the calls that the hub makes.
`python -m demo.standins.restoo --port N`."""
