"""Typed records of the contract: one frozen dataclass for each Avro record, with the same field names.

Times are epoch milliseconds, UTC. What the fields mean is documented in `schemas/avro/*.avsc`.
"""
