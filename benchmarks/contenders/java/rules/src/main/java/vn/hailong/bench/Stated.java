package vn.hailong.bench;

import vn.hailong.DeclarationStatus;

/**
 * A known status event.
 *
 * @param crc checksum of its body; the higher one counts if two contents have one event id
 * @param at when it occurred, epoch milliseconds
 */
record Stated(DeclarationStatus record, long crc, long at) implements Comparable<Stated> {
    @Override
    public int compareTo(Stated other) {
        int order = Long.compare(at, other.at);
        order = order != 0 ? order : record.getStatus().compareTo(other.record.getStatus());
        return order != 0 ? order : Long.compare(crc, other.crc);
    }
}
