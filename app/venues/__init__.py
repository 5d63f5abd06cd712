"""Venues: hours, activities, departures, and what can be booked there when."""
