"""Loops over bytes that are compiled to machine code: one pass over a batch, without a Python object for each record.

What is in here is told by three rules:

* A kernel takes numpy arrays and numbers, and nothing else. It is plain Python, and runs as such with
  `NUMBA_DISABLE_JIT=1`.
* Input is hostile, and compiled code does not look where it reads: every place is compared with an end first.
* A kernel says yes only where it is sure. Whatever is unusual, a broken record or merely a rare way of writing a good
  one, is left to the libraries that read one record at a time, and they decide (docs/adr/0021).

Kernels run outside of Python's lock, so those of two partitions run at once.
"""
