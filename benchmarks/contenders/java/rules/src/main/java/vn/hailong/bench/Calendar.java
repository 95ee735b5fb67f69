package vn.hailong.bench;

import java.util.Arrays;

/**
 * Elapsed working time, from windows that the reference data of hailong gives.
 *
 * @param starts begin of each window, epoch milliseconds, ascending
 * @param before working milliseconds before each window; one more at the end, of all
 */
record Calendar(long[] starts, long[] ends, long[] before) {
    private static final long MINUTE_MS = 60_000;

    /** Whole working minutes between two instants. */
    int minutesBetween(long from, long to) {
        return (int) ((worked(to) - worked(from)) / MINUTE_MS);
    }

    private long worked(long at) {
        int found = Arrays.binarySearch(starts, at);
        int window = found >= 0 ? found : -found - 2;
        return window < 0 ? 0 : before[window] + Math.min(at, ends[window]) - starts[window];
    }
}
