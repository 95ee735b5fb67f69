package vn.hailong.bench;

import vn.hailong.Rating;

/**
 * A record of a rating sheet that is known.
 *
 * @param crc checksum of its body: of two contents under one revision the higher one counts
 * @param at when it was sent, epoch milliseconds
 */
record Rated(Rating record, long crc, long at) implements Comparable<Rated> {
    @Override
    public int compareTo(Rated other) {
        int order = Integer.compare(record.getRevision(), other.record.getRevision());
        return order != 0 ? order : Long.compare(crc, other.crc);
    }
}
