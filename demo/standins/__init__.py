"""Stand-ins for outside systems: real local servers that enforce the contract, and its failures."""
