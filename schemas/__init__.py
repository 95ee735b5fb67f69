"""The contract: the records of the topics, how they are encoded and checked, and what their codes mean.

It imports no other package of ours; every other package may import it.
"""
