"""Room: reading tables that other systems wrote."""
