"""Room: what people of a partner see of the hub, and nothing else."""
