"""Measures the console relay: the real bot between both stand-ins, under loads and under fire."""
