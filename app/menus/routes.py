"""Pages of menus (in work)."""
