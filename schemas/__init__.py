"""The contract: what travels through the topics, how it is written, and what the codes in it mean.

Nothing here knows who produces or consumes an event; everything else may import this package.
"""
