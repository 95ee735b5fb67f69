package vn.hailong.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reference data as written by benchmarks/contenders/java/reference.py: one entry per line, fields separated by tabs.
 *
 * <p>{@code header HEX}: the frame of a fact. {@code limit STEP MINUTES}. {@code window OFFICE FROM TO}: a working
 * window; the office is empty for all offices without overtime. {@code office CODE FROM TO} and
 * {@code team OFFICE TEAM FROM TO}: when they were valid.
 */
final class Reference {
    final byte[] header;
    final int documentMinutes;
    final int goodsMinutes;
    private final Map<String, Calendar> calendars = new HashMap<>();
    private final Map<String, List<long[]>> valid = new HashMap<>();

    Reference(Path file) {
        Map<String, List<long[]>> windows = new HashMap<>();
        Map<String, String> single = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                String[] field = line.split("\t", -1);
                switch (field[0]) {
                    case "window" -> add(windows, field[1], field[2], field[3]);
                    case "office" -> add(valid, field[1], field[2], field[3]);
                    case "team" -> add(valid, field[1] + " " + field[2], field[3], field[4]);
                    case "limit" -> single.put(field[1], field[2]);
                    default -> single.put(field[0], field[1]);
                }
            }
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
        header = HexFormat.of().parseHex(single.get("header"));
        documentMinutes = Integer.parseInt(single.get("DOCUMENT_CHECK"));
        goodsMinutes = Integer.parseInt(single.get("GOODS_INSPECTION"));
        windows.forEach((office, found) -> calendars.put(office, calendar(found)));
    }

    /** Working time at an office. */
    Calendar calendar(String office) {
        Calendar own = calendars.get(office);
        return own == null ? calendars.get("") : own;
    }

    /** Whether an office, and its team where one is named, was registered at that time. */
    boolean known(String office, String team, long at) {
        return covers(office, at) && (team == null || covers(office + " " + team, at));
    }

    private boolean covers(String key, long at) {
        return valid.getOrDefault(key, List.of()).stream().anyMatch(span -> span[0] <= at && at < span[1]);
    }

    private static void add(Map<String, List<long[]>> to, String key, String from, String until) {
        to.computeIfAbsent(key, ignored -> new ArrayList<>())
                .add(new long[] {Long.parseLong(from), Long.parseLong(until)});
    }

    private static Calendar calendar(List<long[]> windows) {
        int count = windows.size();
        long[] starts = new long[count];
        long[] ends = new long[count];
        long[] before = new long[count + 1];
        for (int i = 0; i < count; i++) {
            starts[i] = windows.get(i)[0];
            ends[i] = windows.get(i)[1];
            before[i + 1] = before[i] + ends[i] - starts[i];
        }
        return new Calendar(starts, ends, before);
    }
}
