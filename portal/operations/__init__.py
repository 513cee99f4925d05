"""What an operator can ask of a station: for every action its words, its fields and its warnings.

A module here announces its `operation` (portal/operation.py); forms, confirmations and results are drawn from it. What
an answer changes is told in ocpp_server/operations.
"""
