"""The doors of the customers' app: who signed in by phone sees and does what is theirs."""
