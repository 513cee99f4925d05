"""Simulated charge points with cars and drivers, run as a process of their own (asyncio, no gevent)."""
