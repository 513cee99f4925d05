"""Firmware images and the jobs that bring them to charge points."""
