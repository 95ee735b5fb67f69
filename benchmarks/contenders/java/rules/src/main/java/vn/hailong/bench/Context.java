package vn.hailong.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import vn.hailong.DeclarationStatus;
import vn.hailong.Status;

/** The state of a declaration at one time: the rule of processors/domain/join. */
final class Context {
    private static final Set<Status> PERMITTED =
            Set.of(Status.STORAGE_PERMITTED, Status.RELEASED, Status.CLEARED);

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
        registeredAt = first(rows, Set.of(Status.REGISTERED));
        permittedAt = first(rows, PERMITTED);
        Steps steps = new Steps(rows, asOf, reference);
        documentMinutes = steps.documents();
        goodsMinutes = steps.goods();
        clearanceMinutes = steps.clearance();
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

    private static Long first(List<Stated> rows, Set<Status> wanted) {
        for (Stated row : rows) {
            if (wanted.contains(row.record().getStatus())) {
                return row.at();
            }
        }
        return null;
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
