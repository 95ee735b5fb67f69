package vn.hailong.bench;

/**
 * The result of adding a record.
 *
 * @param state the new state of the declaration; null if the record was known already
 * @param changed whether facts of the declaration are new or changed; {@link Rules#facts} returns them
 */
public record Outcome(byte[] state, boolean changed) {}
