"""Charging profiles as arithmetic (OCPP 1.6 section 3.13): adding up, converting, fitting to a station. Pure."""
