package vn.hailong.bench;

/**
 * What a record leads to.
 *
 * @param state what is known of the declaration now; null if the record was known already
 * @param changed whether facts of the declaration are given or changed by it: {@link Rules#facts} tells them
 */
public record Outcome(byte[] state, boolean changed) {}
