"""OCTO core 1.0, the supplier's side: the open standard with which resellers sell activities.

The contract is docs.octo.travel; `docs/octo.md` says what was chosen where it leaves a choice.
"""
