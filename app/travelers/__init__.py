"""Room: who takes part: the people that a customer books for, and who goes with each booking."""
