"""The doors of the partners: their own JSON API. The OCTO standard has one beside it."""
