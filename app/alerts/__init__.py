"""Room: how the installation is doing: measures, conditions, and who is told."""
