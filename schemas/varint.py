"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first, the last byte below 128.

Source: Apache Avro 1.12 specification, "Binary Encoding"; ClickHouse's native protocol takes the unsigned form.
"""

from __future__ import annotations

_ONE_BYTE = [bytes([number]) for number in range(0x80)]


def varint(number: int) -> bytes:
    """A number that is not negative."""
    if number < 0x80:
        return _ONE_BYTE[number]
    if 1 << 35 <= number < 1 << 42:  # a time in milliseconds, as nearly every long number is
        first, second, third = number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14 & 0x7F | 0x80
        return bytes((first, second, third, number >> 21 & 0x7F | 0x80, number >> 28 & 0x7F | 0x80, number >> 35))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number: int, bits: int = 64) -> bytes:
    """A signed number as Avro's `long` (64 bits) or `int` (32): 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4.

    Raises:
        OverflowError: It has more bits.
    """
    if number.bit_length() >= bits and number != -1 << bits - 1:
        raise OverflowError(f"{number} has more than {bits} bits")
    return varint(number << 1 ^ number >> bits - 1)
