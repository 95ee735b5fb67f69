package vn.hailong.bench;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import vn.hailong.Status;

/** Working minutes of the steps of a declaration: "Steps and their time" in docs/contract.md. */
final class Steps {
    private static final Set<Status> OVER = EnumSet.of(Status.RELEASED, Status.CLEARED, Status.CANCELLED);
    private static final Set<Status> SETTLED =
            EnumSet.of(Status.STORAGE_PERMITTED, Status.RELEASED, Status.CLEARED, Status.CANCELLED);
    private static final Set<Status> INSPECTED =
            EnumSet.of(Status.GOODS_INSPECTED, Status.INSPECTION_WITHDRAWN, Status.STORAGE_PERMITTED);
    private static final long NEVER = Long.MAX_VALUE;

    private final List<Stated> rows;
    private final long asOf;
    private final Reference reference;
    private final long askedAt;
    private final long suppliedAt;

    /**
     * Steps as of an instant.
     *
     * @param rows statuses at or before it, in order of time
     */
    Steps(List<Stated> rows, long asOf, Reference reference) {
        this.rows = rows;
        this.asOf = asOf;
        this.reference = reference;
        askedAt = first(is(Status.CUSTOMS_INSTRUCTION), 0);
        suppliedAt = first(is(Status.AMENDED_BY_DECLARANT), askedAt);
    }

    Integer documents() {
        return longest(
                row -> routed(row, "YELLOW") || routed(row, "RED"),
                row -> routed(row, "GREEN") || row.record().getStatus() == Status.STORAGE_PERMITTED,
                row -> OVER.contains(row.record().getStatus()) || row.record().getStatus() == Status.DOCUMENTS_CHECKED,
                true);
    }

    Integer goods() {
        return longest(
                is(Status.INSPECTION_REQUIRED),
                row -> INSPECTED.contains(row.record().getStatus()),
                row -> OVER.contains(row.record().getStatus()),
                true);
    }

    Integer clearance() {
        return longest(is(Status.REGISTERED), row -> false, row -> SETTLED.contains(row.record().getStatus()), false);
    }

    /** Minutes of the longest round; null without one. What begins before the same end is one round. */
    private Integer longest(Predicate<Stated> begins, Predicate<Stated> ends, Predicate<Stated> over, boolean waits) {
        long overAt = first(over, 0);
        Stated late = null;
        TreeMap<Long, Stated> rounds = new TreeMap<>();
        for (Stated row : rows) {
            if (begins.test(row) && row.at() <= overAt) {
                rounds.putIfAbsent(Math.min(overAt, first(ends, row.at())), row);
            } else if (begins.test(row) && late == null) {
                late = row;
            }
        }
        if (rounds.isEmpty()) {
            return late == null ? null : 0;
        }
        List<Integer> found = new ArrayList<>();
        rounds.forEach((end, row) -> found.add(minutes(row, Math.min(end, asOf), waits)));
        return found.stream().max(Integer::compare).get();
    }

    private int minutes(Stated begun, long end, boolean waits) {
        Calendar calendar = reference.calendar(begun.record().getOffice());
        long start = begun.at();
        if (!waits || askedAt == NEVER) {
            return calendar.minutesBetween(start, end);
        }
        long stop = Math.min(Math.max(askedAt, start), end);
        long goOn = Math.min(Math.max(suppliedAt, start), end);
        return calendar.minutesBetween(start, stop, goOn, end);
    }

    private static Predicate<Stated> is(Status wanted) {
        return row -> row.record().getStatus() == wanted;
    }

    private static boolean routed(Stated row, String channel) {
        return row.record().getStatus() == Status.CHANNEL_ASSIGNED && channel.equals(row.record().getChannel());
    }

    private long first(Predicate<Stated> wanted, long since) {
        for (Stated row : rows) {
            if (row.at() >= since && wanted.test(row)) {
                return row.at();
            }
        }
        return NEVER;
    }
}
