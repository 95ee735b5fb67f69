package vn.hailong.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import vn.hailong.DeclarationStatus;
import vn.hailong.Status;

/** The state of a declaration at one time: the rule of processors/domain/join/declaration_context.py. */
final class Context {
    private static final Set<Status> PERMITTED =
            Set.of(Status.STORAGE_PERMITTED, Status.RELEASED, Status.CLEARED);
    private static final Set<Status> INSPECTED = Set.of(Status.GOODS_INSPECTED, Status.INSPECTION_WITHDRAWN);

    String office;
    String team;
    String status;
    String channel;
    String kind;
    String taxCode;
    int count;
    Long registeredAt;
    Long permittedAt;
    Integer documentMinutes;
    Integer goodsMinutes;
    Integer clearanceMinutes;
    Boolean onTime;

    /**
     * The declaration as of an instant.
     *
     * @param history distinct statuses in order of time
     */
    Context(List<Stated> history, long asOf, Reference reference) {
        List<Stated> rows = winners(history).stream().filter(row -> row.at() <= asOf).toList();
        count = rows.size();
        if (rows.isEmpty()) {
            return;
        }
        Stated last = rows.get(rows.size() - 1);
        office = last.record().getOffice();
        status = last.record().getStatus().name();
        team = newest(rows, DeclarationStatus::getTeam);
        channel = newest(rows, DeclarationStatus::getChannel);
        kind = newest(rows, DeclarationStatus::getKind);
        taxCode = newest(rows, DeclarationStatus::getTaxCode);
        registeredAt = first(rows, Set.of(Status.REGISTERED), 0);
        permittedAt = first(rows, PERMITTED, 0);
        long until = permittedAt == null ? asOf : permittedAt;
        Calendar calendar = reference.calendar(office);
        Long documents = rows.stream().filter(Context::checked).map(Stated::at).findFirst().orElse(null);
        Long goods = first(rows, Set.of(Status.INSPECTION_REQUIRED), 0);
        documentMinutes = minutes(calendar, documents, ended(rows, Set.of(Status.DOCUMENTS_CHECKED), documents, until));
        goodsMinutes = minutes(calendar, goods, ended(rows, INSPECTED, goods, until));
        clearanceMinutes = minutes(calendar, registeredAt, until);
        if (documentMinutes != null || goodsMinutes != null) {
            onTime = (documentMinutes == null || documentMinutes <= reference.documentMinutes)
                    && (goodsMinutes == null || goodsMinutes <= reference.goodsMinutes);
        }
    }

    private static List<Stated> winners(List<Stated> history) {
        Map<String, Stated> best = new HashMap<>();
        for (Stated row : history) {
            best.merge(row.record().getEventId(), row, (held, other) -> other.crc() > held.crc() ? other : held);
        }
        List<Stated> found = new ArrayList<>(history);
        found.removeIf(row -> best.get(row.record().getEventId()) != row);
        return found;
    }

    private static boolean checked(Stated row) {
        String channel = row.record().getChannel();
        return row.record().getStatus() == Status.CHANNEL_ASSIGNED
                && ("YELLOW".equals(channel) || "RED".equals(channel));
    }

    private static Long first(List<Stated> rows, Set<Status> wanted, long since) {
        for (Stated row : rows) {
            if (row.at() >= since && wanted.contains(row.record().getStatus())) {
                return row.at();
            }
        }
        return null;
    }

    private static long ended(List<Stated> rows, Set<Status> wanted, Long start, long until) {
        Long end = start == null ? null : first(rows, wanted, start);
        return end == null ? until : end;
    }

    private static Integer minutes(Calendar calendar, Long start, long end) {
        return start == null ? null : calendar.minutesBetween(start, Math.max(start, end));
    }

    private static String newest(List<Stated> rows, Function<DeclarationStatus, String> field) {
        for (int i = rows.size() - 1; i >= 0; i--) {
            String value = field.apply(rows.get(i).record());
            if (value != null) {
                return value;
            }
        }
        return null;
    }
}
