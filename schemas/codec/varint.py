"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first, the last byte below 128.

Source: Apache Avro 1.12 specification, "Binary Encoding"; ClickHouse's native protocol takes the unsigned form.
"""

from __future__ import annotations

_DIGITS = 14
_MASK = (1 << _DIGITS) - 1
_LAST = [bytes((n,)) if n < 0x80 else bytes((n & 0x7F | 0x80, n >> 7)) for n in range(1 << _DIGITS)]
_BEFORE = [bytes((n & 0x7F | 0x80, n >> 7 | 0x80)) for n in range(1 << _DIGITS)]
"""Two bytes at a time are looked up: a time in milliseconds, as nearly every long number is, has six."""


def varint(number: int) -> bytes:
    """A number that is not negative."""
    if number <= _MASK:
        return _LAST[number]
    if number >> 3 * _DIGITS:
        return _BEFORE[number & _MASK] + varint(number >> _DIGITS)
    if number >> 2 * _DIGITS:
        return _BEFORE[number & _MASK] + _BEFORE[number >> _DIGITS & _MASK] + _LAST[number >> 2 * _DIGITS]
    return _BEFORE[number & _MASK] + _LAST[number >> _DIGITS]


def zigzag(number: int, bits: int = 64) -> bytes:
    """A signed number as Avro's `long` (64 bits) or `int` (32): 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.

    Raises:
        OverflowError: It has more bits.
    """
    if number.bit_length() >= bits and number != -1 << bits - 1:
        raise OverflowError(f"{number} has more than {bits} bits")
    return varint(number << 1 ^ number >> bits - 1)
