package vn.hailong.bench;

import java.util.Arrays;

/**
 * Elapsed working time, computed from the working windows of hailong's reference data.
 *
 * @param starts start of each window, epoch milliseconds, ascending
 * @param before working milliseconds before each window, and the total as last element
 */
record Calendar(long[] starts, long[] ends, long[] before) {
    private static final long MINUTE_MS = 60_000;

    /** Whole working minutes between two instants. */
    int minutesBetween(long from, long to) {
        return (int) ((worked(to) - worked(from)) / MINUTE_MS);
    }

    /** Whole working minutes between two instants without a pause. */
    int minutesBetween(long from, long stop, long goOn, long to) {
        return (int) ((worked(stop) - worked(from) + worked(to) - worked(goOn)) / MINUTE_MS);
    }

    private long worked(long at) {
        int found = Arrays.binarySearch(starts, at);
        int window = found >= 0 ? found : -found - 2;
        return window < 0 ? 0 : before[window] + Math.min(at, ends[window]) - starts[window];
    }
}
