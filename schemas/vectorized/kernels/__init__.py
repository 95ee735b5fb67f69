"""Loops over bytes that are compiled to machine code: one pass over a batch, without a Python object for each record.

Three rules hold for every kernel:

* It takes numpy arrays, numbers, and named tuples of these. It is plain Python, and runs as such with
  `NUMBA_DISABLE_JIT=1`.
* Input is hostile, and compiled code does not check its indexes: every place is compared with an end before it is read.
* It accepts a record only where it is sure. Unusual records, broken or merely written in a rare way, are left to the
  libraries that read one record at a time, and these decide (docs/adr/0021).

Kernels run outside of Python's lock, so those of two partitions run at once.
"""
