package vn.hailong.bench;

import vn.hailong.Rating;

/**
 * A known revision of a rating sheet.
 *
 * @param crc checksum of its body; the higher one counts if two contents have one revision
 * @param at when it was sent, epoch milliseconds
 */
record Rated(Rating record, long crc, long at) implements Comparable<Rated> {
    @Override
    public int compareTo(Rated other) {
        int order = Integer.compare(record.getRevision(), other.record.getRevision());
        return order != 0 ? order : Long.compare(crc, other.crc);
    }
}
