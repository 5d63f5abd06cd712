"""Room: who goes on a departure: every traveler, and who has arrived."""
