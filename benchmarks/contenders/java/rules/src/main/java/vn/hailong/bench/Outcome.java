package vn.hailong.bench;

import java.util.List;

/**
 * What a record leads to.
 *
 * @param state what is known of the declaration now; null if the record was known already
 * @param facts those that it gives or changes
 */
public record Outcome(byte[] state, List<Fact> facts) {}
